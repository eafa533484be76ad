// Why this exists: each test is a sentence of the safety promises, as far as the planner keeps it.
import {describe, expect, it} from 'vitest';
import {canonicalJson, setFingerprint, sha256Hex} from '../core/canonical.ts';
import type {ResourceKind} from '../core/kind.ts';
import {makePlan} from './make-plan.ts';
import {neededReads} from './reads.ts';
import {brief, inputOf, manifestsOf, only, planOf, recorded, textOf, wanted} from './samples.ts';
import {type ToyObject, toyKind} from './toy-kind.ts';

describe('Never', () => {
  const gone = {records: [recorded()], live: {'guest/150': {}}};
  it.each([
    ['empty path', {...gone, manifests: [manifestsOf([], {documents: 0})]}],
    ['fetch failure', {...gone, manifests: [], unread: ['home']}],
    ['fetch failure after a good one', {...gone, manifests: [manifestsOf([])], unread: ['home']}],
    ['source not configured', {...gone, manifests: [manifestsOf([], {source: 'away'})]}],
    ['invalid manifest', {...gone, manifests: [manifestsOf([], {complete: false})]}],
    [
      'still claimed by an invalid manifest of another source',
      {
        ...gone,
        manifests: [
          manifestsOf([]),
          manifestsOf([], {source: 'away', complete: false, claimed: ['guest/150']}),
        ],
      },
    ],
    ['missing privilege', {...gone, live: null}],
    ['offline node', {...gone, live: {'guest/150': {unread: true}}}],
  ])('Never delete, replace or prune because something could not be read: %s.', (_why, parts) => {
    const plan = makePlan(inputOf(parts));
    expect(brief(plan)).toEqual([
      {verb: 'none', risk: 'benign', cause: 'undetermined', fields: [], reasons: ['incomplete']},
    ]);
    expect(plan.pruneCandidates).toEqual([]);
    expect(plan.waiting).toMatchObject([{key: 'guest/150', reason: 'incomplete'}]);
  });

  it('Never replace because something could not be read: a token waits for the guest.', () => {
    const plan = planOf(wanted({directives: {replace: 'now'}}), recorded(), {unread: true});
    expect(brief(plan)).toMatchObject([{verb: 'none', reasons: ['incomplete']}]);
  });

  it.each([
    ['foreign', {ownership: {kind: 'foreign', marker: 'x'}}],
    ['unmarked', {ownership: {kind: 'unmarked'}}],
    ['another witness', {witness: 'x'}],
  ] as const)('Never write to a guest that is not provably ours: %s.', (_why, live) => {
    for (const desired of [wanted({body: {cores: 8}}), null]) {
      const action = only(planOf(desired, recorded({body: {cores: 4}}), live));
      expect(action).toMatchObject({verb: 'none', steps: [], record: null});
      expect(action.findings).toHaveLength(1);
    }
  });

  it.each([
    ['the tag `pvegit-hold`', {body: {tags: ['pvegit-hold']}}, 'suspended'],
    ['a guest lock', {lock: 'backup'}, 'locked'],
  ] as const)('Never fight a person: %s.', (_why, live, reason) => {
    const plan = planOf(wanted({body: {memory: 8}}), recorded(), live);
    expect(brief(plan)).toMatchObject([{verb: 'update', reasons: [reason]}]);
  });

  it('Never fight a person: HA in charge.', () => {
    const live: ToyObject = {ha: 'started'};
    expect(brief(planOf(null, recorded(), live))).toMatchObject([{reasons: ['ha-managed']}]);
    const harmless = planOf(wanted({body: {tags: ['a']}}), recorded(), live);
    expect(brief(harmless)).toMatchObject([{reasons: []}]);
  });

  it('Never fight a person: who runs cannot be told.', () => {
    const plan = planOf(wanted({body: {tags: ['a']}}), recorded(), {power: 'unknown'});
    expect(brief(plan)).toMatchObject([{verb: 'update', reasons: ['incomplete']}]);
  });

  it('Never print, store or export a secret.', () => {
    const ref = {secretRef: {name: 'harness', key: 'password'}};
    const hashOf = (value: string) => ({'guest/150': {password: sha256Hex(value)}});
    const input = inputOf({
      desired: [wanted({body: {password: ref}})],
      records: [recorded({body: {password: ref}, secretHashes: {password: sha256Hex('old')}})],
      live: {'guest/150': {unreadable: ['password']}},
      secretHashes: hashOf('new'),
    });
    const one = only(makePlan(input));
    expect(textOf(one.changes)).not.toContain(sha256Hex('new'));
    expect(one.changes[0]?.shown).toEqual({from: '(secret)', to: '(secret)'});
    const other = only(makePlan({...input, secretHashes: hashOf('newer')}));
    expect(other.fingerprint).toBe(one.fingerprint);
  });
});

describe('Whose is it', () => {
  it('Marker without record: rebuilt silently only if its plan is otherwise empty.', () => {
    const body = {cores: 4};
    expect(only(planOf(wanted({body}), null, {body}))).toMatchObject({
      verb: 'none',
      findings: [],
      record: {kind: 'keep'},
    });
    const differing = only(planOf(wanted({body}), null, {body: {cores: 2}}));
    expect(differing.findings).toMatchObject([{reason: 'no-record'}]);
  });

  it('Adoption changes nothing else, ever.', () => {
    const live = {ownership: {kind: 'unmarked'}, body: {cores: 2}} as const;
    const adopt = {adopt: 'uuid-guest/150'};
    const differing = only(planOf(wanted({body: {cores: 4}, directives: adopt}), null, live));
    expect(differing).toMatchObject({steps: [], findings: [{reason: 'adoption-differs'}]});
    const same = only(planOf(wanted({body: {cores: 2}, directives: adopt}), null, live));
    expect(same).toMatchObject({verb: 'adopt', changes: [], record: {wrote: []}});
  });
});

describe('The record', () => {
  it('Both moved to the same value: nothing to do, the record follows.', () => {
    const record = recorded({body: {cores: 2, memory: 2}});
    const desired = wanted({body: {cores: 4, memory: 2}});
    const plan = planOf(desired, record, {body: {cores: 4, memory: 4}});
    expect(brief(plan)).toMatchObject([{verb: 'none'}, {cause: 'drift', fields: ['memory']}]);
    expect(plan.actions[0]?.record).toMatchObject({body: {cores: 4, memory: 2}});
  });

  it('A record whose body is empty lets a half-created guest be completed, as pending.', () => {
    const plan = planOf(wanted({body: {cores: 4, memory: 8}}), recorded(), {power: 'stopped'});
    expect(brief(plan)).toMatchObject([{cause: 'pending', fields: ['cores', 'memory']}]);
  });
});

describe('Deleting', () => {
  it('If the manifest comes back, the next plan has no delete.', () => {
    expect(brief(planOf(null, recorded(), {}))).toMatchObject([{verb: 'delete'}]);
    expect(brief(planOf(wanted(), recorded(), {}))).toMatchObject([{verb: 'none'}]);
  });

  it('Live `protection: 1` refuses it.', () => {
    const plan = planOf(null, recorded(), {protection: true});
    expect(brief(plan)).toMatchObject([{verb: 'delete', reasons: ['protected']}]);
  });

  it('A source prunes only what it made, and a claim by two sources is an error in both.', () => {
    const both = [
      manifestsOf([wanted()]),
      manifestsOf([wanted({source: 'away'})], {source: 'away'}),
    ];
    const plan = makePlan(
      inputOf({manifests: both, records: [recorded()], live: {'guest/150': {}}}),
    );
    expect(brief(plan)).toMatchObject([{verb: 'none', reasons: ['conflict']}]);
    expect(plan.diagnostics.map((one) => one.code)).toEqual([
      'plan-claimed-twice',
      'plan-claimed-twice',
    ]);
  });

  it('What another source still may claim is not taken over by this one.', () => {
    const moved = manifestsOf([wanted({source: 'away'})], {source: 'away'});
    const base = {records: [recorded()], live: {'guest/150': {}}};
    const unread = makePlan(inputOf({...base, manifests: [moved], unread: ['home']}));
    expect(brief(unread)).toMatchObject([{verb: 'none', reasons: ['incomplete']}]);
    const broken = manifestsOf([], {complete: false});
    const invalid = makePlan(inputOf({...base, manifests: [broken, moved]}));
    expect(brief(invalid)).toMatchObject([{verb: 'none', reasons: ['incomplete']}]);
  });
});

describe('Action fingerprint', () => {
  const record = recorded({body: {memory: 4}});
  const one = () => only(planOf(wanted({body: {memory: 8}}), record, {body: {memory: 4}}));

  it('Anyone computes the same from Git and live.', () => {
    expect(one().fingerprint).toBe(
      sha256Hex(
        canonicalJson({
          v: 1,
          installation: 'home',
          cluster: 'harness',
          kind: 'Toy',
          key: 'guest/150',
          vmid: 150,
          witness: 'uuid-guest/150',
          verb: 'update',
          changes: [['memory', 4, 8]],
          facts: {},
        }),
      ),
    );
  });

  it('Not in it: commit, digest, cause, node, time, statistics.', () => {
    const drifted = planOf(wanted({body: {memory: 8}}), recorded({body: {memory: 8}}), {
      body: {memory: 4},
      node: 'pve2',
    });
    expect(only(drifted)).toMatchObject({cause: 'drift', fingerprint: one().fingerprint});
  });

  it.each([
    ['from', 8, {body: {memory: 2}}],
    ['to', 16, {body: {memory: 4}}],
  ] as const)('Another value (%s) is another action.', (_why, memory, live) => {
    const other = only(planOf(wanted({body: {memory}}), record, live));
    expect(other.fingerprint).not.toBe(one().fingerprint);
  });

  it('What would be lost or interrupted is part of it.', () => {
    const running = only(planOf(null, recorded(), {power: 'running'}));
    const stopped = only(planOf(null, recorded(), {power: 'stopped'}));
    expect(running.fingerprint).not.toBe(stopped.fingerprint);
  });

  it('The set fingerprint is the hash of the sorted fingerprints, whatever their order.', () => {
    const keys = ['guest/150', 'guest/151'];
    const plan = makePlan(
      inputOf({
        records: keys.map((key) => recorded({key})),
        live: {'guest/150': {}, 'guest/151': {}},
      }),
    );
    const fingerprints = plan.actions.map((action) => action.fingerprint);
    expect(plan.setFingerprint).toBe(sha256Hex(canonicalJson(fingerprints.toSorted())));
    expect(plan.setFingerprint).toBe(setFingerprint(fingerprints.toReversed()));
    expect(makePlan(inputOf({})).setFingerprint).toBeNull();
  });
});

describe('Always', () => {
  it('One bad object, guest, node or cluster never stops the others.', () => {
    const plan = makePlan(
      inputOf({
        desired: [wanted({kind: 'Unheard'}), wanted({key: 'guest/151'})],
        records: [recorded({key: 'guest/152', kind: 'Unheard'}), recorded({key: 'guest/153'})],
        live: {'guest/153': {unread: true}},
      }),
    );
    expect(plan.actions.map((one) => [one.key, one.verb])).toEqual([
      ['guest/151', 'create'],
      ['guest/153', 'none'],
    ]);
    expect(plan.diagnostics.map((one) => [one.key, one.severity])).toEqual([
      ['guest/150', 'error'],
      ['guest/152', 'warning'],
    ]);
  });

  it.each([
    ['an error of the kind', [{code: 'x', summary: 'No room', detail: 'on local-lvm'}]],
    ['no call at all', []],
  ])('What cannot be carried out is held, never taken for done: %s.', (_why, mistakes) => {
    const kind: ResourceKind = {
      ...toyKind(),
      steps: (request) => ({
        ...toyKind().steps(request),
        steps: [],
        diagnostics: mistakes.map((one) => ({severity: 'error', ...one})),
      }),
    };
    const plan = makePlan(inputOf({kinds: [kind], desired: [wanted({body: {cores: 4}})]}));
    expect(brief(plan)).toMatchObject([{verb: 'create', reasons: ['waiting']}]);
    expect(plan.diagnostics).toHaveLength(mistakes.length);
  });

  it('What would take away is refused as the kind says, with its reason.', () => {
    const plan = planOf(wanted({body: {memory: 2}}), recorded({body: {memory: 4}}), {
      body: {memory: 4},
    });
    expect(brief(plan)).toMatchObject([{verb: 'update', reasons: ['shrink']}]);
  });
});

describe('Reads', () => {
  it('are asked for each declared or recorded resource, each once, until they are there', () => {
    const input = inputOf({desired: [wanted()], records: [recorded({key: 'guest/151'})]});
    const empty = {...input, inventory: {...input.inventory, reads: {}}};
    expect(neededReads(empty)).toEqual([{method: 'GET', path: '/toys', params: {}}]);
    expect(neededReads(input)).toEqual([]);
    expect(neededReads({...empty, manifests: [], records: []})).toEqual([]);
  });
});
