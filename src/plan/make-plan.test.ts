// Why this exists: what the planner decides for each meeting of Git, journal and cluster.
import {describe, expect, it} from 'vitest';
import type {ResourceKind} from '../core/kind.ts';
import {makePlan} from './make-plan.ts';
import {brief, inputOf, manifestsOf, only, planOf, recorded, wanted} from './samples.ts';
import {toyKind} from './toy-kind.ts';

describe('a declared resource', () => {
  it('is created where it is proven absent', () => {
    const action = only(planOf(wanted({body: {cores: 4, tags: ['db']}}), null, null));
    expect(action).toMatchObject({verb: 'create', risk: 'benign', cause: 'pending', vmid: 150});
    expect(action.record).toMatchObject({
      kind: 'keep',
      wrote: ['cores', 'tags'],
      body: {cores: 4, tags: ['db']},
      commit: 'c2',
    });
  });

  it('holds in its first record all but what the create leaves to the next pass', () => {
    const password = {secretRef: {name: 'harness', key: 'password'}};
    const kind: ResourceKind = {
      ...toyKind(),
      steps: (request) => ({...toyKind().steps(request), later: ['power', 'password']}),
    };
    const body = {cores: 4, power: 'running', password};
    const input = inputOf({
      kinds: [kind],
      desired: [wanted({body})],
      secretHashes: {'guest/150': {password: 'hash'}},
    });
    expect(only(makePlan(input)).record).toMatchObject({
      body: {cores: 4},
      secretHashes: {},
      wrote: ['cores', 'password', 'power'],
    });
  });

  it('is created again as drift where its record says that it was there', () => {
    const plan = planOf(wanted({body: {cores: 4}}), recorded({body: {cores: 4}}), null);
    expect(brief(plan)).toEqual([
      {verb: 'create', risk: 'benign', cause: 'drift', fields: ['cores'], reasons: []},
    ]);
  });

  it('is left alone while it could not be read', () => {
    const plan = planOf(wanted({body: {cores: 4}}), null, {unread: true});
    expect(brief(plan)).toEqual([
      {verb: 'none', risk: 'benign', cause: 'undetermined', fields: [], reasons: ['incomplete']},
    ]);
    expect(plan.waiting).toMatchObject([{key: 'guest/150', reason: 'incomplete'}]);
  });

  it('gives no action and no record when everything is as declared', () => {
    const body = {cores: 4};
    const plan = planOf(wanted({body}), recorded({body}), {body});
    expect(brief(plan)).toMatchObject([{verb: 'none', reasons: []}]);
    expect(only(plan).record).toBeNull();
  });

  it('follows in the record when it moved to another file, set or name', () => {
    const body = {cores: 4};
    const plan = planOf(wanted({body, name: 'graph'}), recorded({body}), {body});
    expect(only(plan)).toMatchObject({verb: 'none', record: {kind: 'keep', name: 'graph'}});
  });

  it('is an error when its VMID was another kind', () => {
    const plan = planOf(wanted({kind: 'Crate'}), recorded(), {kind: 'Crate'});
    expect(plan.diagnostics).toMatchObject([{code: 'plan-kind-changed', severity: 'error'}]);
    expect(brief(plan)).toMatchObject([{verb: 'none', reasons: ['conflict']}]);
  });
});

describe('actions of one resource', () => {
  it('are split by risk and cause, benign first', () => {
    const plan = planOf(
      wanted({body: {cores: 8, memory: 8, tags: ['a'], protection: false}}),
      recorded({body: {cores: 4, memory: 4, tags: ['a'], protection: true}}),
      {body: {cores: 4, memory: 4, tags: ['b'], protection: true}},
    );
    expect(brief(plan)).toEqual([
      {verb: 'update', risk: 'benign', cause: 'pending', fields: ['cores'], reasons: []},
      {verb: 'update', risk: 'benign', cause: 'drift', fields: ['tags'], reasons: []},
      {verb: 'update', risk: 'disruptive', cause: 'pending', fields: ['memory'], reasons: []},
      {verb: 'update', risk: 'destructive', cause: 'pending', fields: ['protection'], reasons: []},
    ]);
  });

  it('keep a slot whole: it takes the strictest cause and the worst risk of its keys', () => {
    const plan = planOf(
      wanted({body: {'disks.scsi1': true, 'disks.scsi1.size': 9, 'disks.scsi1.ssd': true}}),
      recorded({body: {'disks.scsi1': true, 'disks.scsi1.size': 9}}),
      {body: {}},
    );
    expect(brief(plan)).toMatchObject([
      {
        risk: 'disruptive',
        cause: 'drift',
        fields: ['disks.scsi1', 'disks.scsi1.size', 'disks.scsi1.ssd'],
      },
    ]);
  });

  it('that the kind folds into a slot stand for the keys of the slot in the record', () => {
    const folding: ResourceKind = {
      ...toyKind(),
      fold: (changes) => changes.filter((change) => change.field === 'disks.scsi1'),
    };
    const body = {'disks.scsi1': true, 'disks.scsi1.size': 9};
    const input = inputOf({
      kinds: [folding],
      desired: [wanted({body})],
      records: [recorded()],
      live: {'guest/150': {}},
    });
    expect(makePlan(input).actions).toMatchObject([
      {changes: [{field: 'disks.scsi1'}], record: {wrote: Object.keys(body), body}},
    ]);
  });

  it('keep the base of what they leave alone, so that drift stays drift', () => {
    const plan = planOf(
      wanted({body: {cores: 8, tags: ['a']}}),
      recorded({body: {cores: 4, tags: ['a']}}),
      {body: {cores: 4, tags: ['b']}},
    );
    expect(plan.actions[0]?.record).toMatchObject({body: {cores: 8, tags: ['a']}});
    const other = planOf(
      wanted({body: {cores: 8, tags: ['c']}}),
      recorded({body: {cores: 4, tags: ['a']}}),
      {body: {cores: 4, tags: ['b']}},
    );
    expect(other.actions[0]?.record).toMatchObject({body: {cores: 8, tags: ['a']}});
  });

  it('are none after create in the mode create-only', () => {
    const plan = planOf(
      wanted({body: {cores: 8}, directives: {mode: 'create-only'}}),
      recorded({body: {cores: 4}}),
      {body: {cores: 4}},
    );
    expect(brief(plan)).toMatchObject([{verb: 'none', reasons: []}]);
  });

  it('are one replace when the replace token is new', () => {
    const live = {body: {cores: 4}};
    const asked = wanted({body: {cores: 8}, directives: {replace: 'second'}});
    const plan = planOf(asked, recorded({body: {cores: 4}, replaceToken: 'first'}), live);
    expect(brief(plan)).toMatchObject([{verb: 'replace', risk: 'destructive'}]);
    expect(only(plan).record).toMatchObject({replaceToken: 'second'});
    const done = planOf(asked, recorded({body: {cores: 8}, replaceToken: 'second'}), {
      body: {cores: 8},
    });
    expect(brief(done)).toMatchObject([{verb: 'none'}]);
  });

  it('wait in order of dependencies until the other is as declared', () => {
    const desired = [
      wanted({key: 'guest/150', dependsOn: ['guest/200']}),
      wanted({key: 'guest/200'}),
    ];
    const plan = makePlan(inputOf({desired}));
    expect(plan.actions.map((action) => action.key)).toEqual(['guest/200', 'guest/150']);
    expect(plan.waiting).toMatchObject([{key: 'guest/150', reason: 'waiting'}]);
  });

  it('are all held on a circle of dependencies, with an error for each', () => {
    const desired = [
      wanted({key: 'guest/150', dependsOn: ['guest/200']}),
      wanted({key: 'guest/200', dependsOn: ['guest/150']}),
      wanted({key: 'guest/210'}),
    ];
    const plan = makePlan(inputOf({desired}));
    expect(plan.diagnostics.map((one) => [one.code, one.key])).toEqual([
      ['plan-dependency-cycle', 'guest/150'],
      ['plan-dependency-cycle', 'guest/200'],
    ]);
    expect(plan.actions.filter((one) => one.findings.length === 0)).toMatchObject([
      {key: 'guest/210'},
    ]);
  });
});

describe('a resource that left Git', () => {
  it('is a destructive delete', () => {
    const plan = planOf(null, recorded(), {});
    expect(brief(plan)).toMatchObject([{verb: 'delete', risk: 'destructive', reasons: []}]);
    expect(plan.pruneCandidates).toEqual(['guest/150']);
    expect(plan.setFingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is released, untouched, when its record says retain', () => {
    const plan = planOf(null, recorded({onDelete: 'retain'}), {});
    expect(only(plan)).toMatchObject({
      verb: 'release',
      risk: 'benign',
      record: {kind: 'forget'},
    });
  });

  it('is forgotten when it is gone from the cluster too', () => {
    expect(only(planOf(null, recorded(), null))).toMatchObject({
      verb: 'none',
      record: {kind: 'forget'},
    });
  });

  it('goes before what it was built on, and highest first', () => {
    const plan = makePlan(
      inputOf({
        records: [
          recorded({key: 'guest/200'}),
          recorded({key: 'guest/210'}),
          recorded({key: 'guest/150', dependsOn: ['guest/210']}),
        ],
        live: {'guest/200': {}, 'guest/210': {}, 'guest/150': {}},
      }),
    );
    expect(plan.actions.map((one) => [one.key, one.findings.map((f) => f.reason)])).toEqual([
      ['guest/150', []],
      ['guest/210', ['waiting']],
      ['guest/200', []],
    ]);
  });

  it('stays while another source declares it, as one update', () => {
    const moved = wanted({source: 'away', body: {cores: 4}});
    const plan = makePlan(
      inputOf({
        records: [recorded({body: {cores: 4}})],
        live: {'guest/150': {body: {cores: 4}}},
        manifests: [manifestsOf([]), manifestsOf([moved], {source: 'away', commit: 'd1'})],
      }),
    );
    expect(only(plan)).toMatchObject({verb: 'none', record: {source: 'away', commit: 'd1'}});
  });
});

describe('unmanaged guests', () => {
  it('are listed and never acted on', () => {
    const plan = makePlan(inputOf({live: {'guest/900': {name: 'old'}, 'guest/90': {}}}));
    expect(plan.actions).toEqual([]);
    expect(plan.unmanaged?.map((one) => one.id)).toEqual(['toy/90', 'toy/900']);
  });

  it('are unknown, not none, where the list could not be read', () => {
    expect(makePlan(inputOf({live: null})).unmanaged).toBeNull();
  });
});
