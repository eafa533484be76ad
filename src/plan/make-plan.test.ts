// Why this exists: what the planner decides for each meeting of Git, journal and cluster.
import {describe, expect, it} from 'vitest';
import type {Action, Plan} from '../core/action.ts';
import type {Desired, ResourceRecord} from '../core/model.ts';
import {makePlan} from './make-plan.ts';
import {inputOf, manifestsOf, recorded, wanted} from './samples.ts';
import type {ToyObject} from './toy-kind.ts';

/** A plan over guest/150 alone. */
function planOf(
  desired: Desired | null,
  record: ResourceRecord | null,
  live: ToyObject | null,
): Plan {
  return makePlan(
    inputOf({
      desired: desired ? [desired] : [],
      records: record ? [record] : [],
      live: live ? {'guest/150': live} : {},
    }),
  );
}

function brief(plan: Plan) {
  return plan.actions.map(({verb, risk, cause, changes, findings}) => ({
    verb,
    risk,
    cause,
    fields: changes.map((change) => change.field),
    reasons: findings.map((finding) => finding.reason),
  }));
}

function only(plan: Plan): Action {
  expect(plan.actions).toHaveLength(1);
  const [action] = plan.actions;
  if (!action) throw new Error('no action');
  return action;
}

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

describe('the cause of a difference', () => {
  it.each([
    ['Git moved', 8, 4, 4, 'pending'],
    ['live moved', 4, 4, 8, 'drift'],
    ['both moved', 6, 4, 8, 'conflict'],
    ['the field is newly declared', 8, undefined, 4, 'pending'],
  ] as const)('%s: git %s, base %s, live %s is %s', (_reason, git, base, live, cause) => {
    const record = recorded({body: base === undefined ? {} : {cores: base}});
    const plan = planOf(wanted({body: {cores: git}}), record, {body: {cores: live}});
    expect(brief(plan)).toMatchObject([{verb: 'update', cause, fields: ['cores']}]);
  });

  it('is none when both moved to the same value, and the record follows', () => {
    const plan = planOf(wanted({body: {cores: 8}}), recorded({body: {cores: 4}}), {
      body: {cores: 8},
    });
    expect(only(plan)).toMatchObject({verb: 'none', record: {body: {cores: 8}, wrote: ['cores']}});
  });

  it('is pending for what is written already and waits for a cycle', () => {
    const plan = planOf(wanted({body: {memory: 8}}), recorded({body: {memory: 8}}), {
      body: {memory: 8},
      active: {memory: 4},
    });
    expect(only(plan).changes).toMatchObject([
      {field: 'memory', from: 4, to: 8, cause: 'pending', risk: 'disruptive'},
    ]);
  });

  it('is drift for a pending value that somebody else left', () => {
    const plan = planOf(wanted({body: {memory: 4}}), recorded({body: {memory: 4}}), {
      body: {memory: 8},
      active: {memory: 4},
    });
    expect(only(plan).changes).toMatchObject([{field: 'memory', from: 8, to: 4, cause: 'drift'}]);
  });

  it('is none for a node that only moved live, and none for a preference newly written', () => {
    const desired = wanted({body: {node: 'pve1'}});
    const live = {node: 'pve2', body: {node: 'pve2'}};
    expect(brief(planOf(desired, recorded({body: {node: 'pve1'}}), live))).toMatchObject([
      {verb: 'none'},
    ]);
    expect(brief(planOf(desired, recorded(), live))).toMatchObject([{verb: 'none'}]);
  });

  it('is pending for a node that moved in Git', () => {
    const plan = planOf(wanted({body: {node: 'pve2'}}), recorded({body: {node: 'pve1'}}), {
      body: {node: 'pve1'},
    });
    expect(brief(plan)).toMatchObject([{verb: 'update', cause: 'pending', fields: ['node']}]);
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

describe('a field that leaves Git', () => {
  it('is removed if we ever wrote it, so that a revert reverts', () => {
    const plan = planOf(wanted(), recorded({body: {memory: 8}}), {body: {memory: 8}});
    expect(only(plan).changes).toMatchObject([
      {field: 'memory', from: 8, to: null, cause: 'pending', risk: 'disruptive'},
    ]);
    expect(only(plan).record).toMatchObject({wrote: [], body: {}});
  });

  it('is released, shown once, if it was only adopted', () => {
    const plan = planOf(wanted(), recorded({body: {memory: 8}, wrote: []}), {body: {memory: 8}});
    expect(plan.diagnostics).toMatchObject([{code: 'plan-field-released', severity: 'info'}]);
    expect(only(plan)).toMatchObject({verb: 'none', record: {body: {}}});
  });

  it('is a conflict when it also changed live', () => {
    const plan = planOf(wanted(), recorded({body: {memory: 8}}), {body: {memory: 16}});
    expect(brief(plan)).toMatchObject([{cause: 'conflict', fields: ['memory']}]);
  });

  it('takes its keys along when it is a slot', () => {
    const body = {'disks.scsi1': true, 'disks.scsi1.size': 9};
    const plan = planOf(wanted(), recorded({body}), {body});
    expect(brief(plan)).toMatchObject([{risk: 'disruptive', fields: ['disks.scsi1']}]);
    expect(only(plan).record).toMatchObject({wrote: [], body: {}});
  });

  it('leaves an adopted slot as it is, also keys of it that we wrote', () => {
    const body = {'disks.scsi1': true, 'disks.scsi1.size': 9};
    const plan = planOf(wanted(), recorded({body, wrote: ['disks.scsi1.size']}), {body});
    expect(brief(plan)).toMatchObject([{verb: 'none'}]);
  });

  it('is forgotten when it is gone already', () => {
    const plan = planOf(wanted(), recorded({body: {memory: 8}}), {body: {}});
    expect(only(plan)).toMatchObject({verb: 'none', record: {wrote: [], body: {}}});
  });
});

describe('a secret', () => {
  const ref = {secretRef: {name: 'harness', key: 'password'}};
  const desired = wanted({body: {password: ref}});
  const set = {unreadable: ['password']};
  const base = {body: {password: ref}};
  it.each([
    ['its hash changed', {password: 'old'}, 'new', set, 'pending'],
    ['somebody removed it', {password: 'old'}, 'old', {}, 'drift'],
    ['it was never set', {}, 'new', {}, 'pending'],
  ] as const)('differs when %s', (_why, secretHashes, hash, live, cause) => {
    const plan = makePlan(
      inputOf({
        desired: [desired],
        records: [recorded({...base, secretHashes})],
        live: {'guest/150': live},
        secretHashes: {'guest/150': {password: hash}},
      }),
    );
    expect(brief(plan)).toMatchObject([{verb: 'update', cause, fields: ['password']}]);
    expect(only(plan).changes[0]?.shown.to).toBe('(secret)');
    expect(only(plan).record?.secretHashes).toEqual({password: hash});
  });

  it('without a recorded hash is taken as unchanged and recorded, unless a rewrite is asked', () => {
    const input = inputOf({
      desired: [desired],
      records: [recorded(base)],
      live: {'guest/150': set},
      secretHashes: {'guest/150': {password: 'new'}},
    });
    const plan = makePlan(input);
    expect(only(plan)).toMatchObject({verb: 'none', record: {secretHashes: {password: 'new'}}});
    const rewritten = makePlan({...input, rewriteSecrets: ['guest/150']});
    expect(brief(rewritten).at(-1)).toMatchObject({verb: 'update', fields: ['password']});
  });

  it('that cannot be read is a warning, and holds what would write it', () => {
    const plan = makePlan(inputOf({desired: [desired]}));
    expect(only(plan)).toMatchObject({verb: 'create', findings: [{reason: 'waiting'}]});
    const kept = makePlan(
      inputOf({desired: [desired], records: [recorded(base)], live: {'guest/150': set}}),
    );
    expect(kept.diagnostics).toMatchObject([{code: 'plan-secret-unread', severity: 'warning'}]);
    expect(brief(kept)).toMatchObject([{verb: 'none', reasons: []}]);
  });
});

describe('a live object that is not provably ours', () => {
  const desired = wanted({body: {cores: 4}});
  const live = {body: {cores: 4}};
  it.each([
    ['foreign marker', null, {...live, ownership: {kind: 'foreign', marker: 'x'}}, 'not-ours'],
    ['marker gone', recorded(), {...live, ownership: {kind: 'unmarked'}}, 'marker-missing'],
    ['other witness', recorded(), {...live, witness: 'someone'}, 'identity-changed'],
    ['no witness', recorded({witness: null}), {...live, witness: null}, 'identity-changed'],
    ['unmanaged', null, {...live, ownership: {kind: 'unmarked'}}, 'vmid-taken'],
    ['another kind', null, {kind: 'Crate'}, 'vmid-taken'],
  ] as const)('%s gets no step', (_why, record, object, reason) => {
    const plan = planOf(desired, record, object);
    expect(only(plan)).toMatchObject({steps: [], findings: [{reason}], record: null});
  });

  it('with our marker is recorded again if it is as declared, else held', () => {
    expect(only(planOf(desired, null, live))).toMatchObject({
      verb: 'none',
      findings: [],
      record: {kind: 'keep', body: {cores: 4}, wrote: []},
    });
    expect(only(planOf(desired, null, {body: {cores: 5}}))).toMatchObject({
      steps: [],
      findings: [{reason: 'no-record'}],
      changes: [{field: 'cores', cause: 'conflict'}],
    });
  });
});

describe('an adoption', () => {
  const unmarked = {ownership: {kind: 'unmarked'}} as const;
  const asked = {adopt: 'UUID-guest/150'};
  it('is one benign write where nothing differs', () => {
    const plan = planOf(wanted({body: {cores: 4}, directives: asked}), null, {
      ...unmarked,
      body: {cores: 4},
    });
    expect(only(plan)).toMatchObject({
      verb: 'adopt',
      risk: 'benign',
      changes: [],
      findings: [],
      record: {wrote: [], body: {cores: 4}},
    });
  });

  it('is held with the diff where something differs', () => {
    const plan = planOf(wanted({body: {cores: 4}, directives: asked}), null, unmarked);
    expect(only(plan)).toMatchObject({
      verb: 'adopt',
      steps: [],
      findings: [{reason: 'adoption-differs'}],
      changes: [{field: 'cores'}],
    });
  });

  it.each(['uuid-other', ''])('of another witness (%j) is refused', (adopt) => {
    const plan = planOf(wanted({directives: {adopt}}), null, unmarked);
    expect(only(plan)).toMatchObject({steps: [], findings: [{reason: 'identity-changed'}]});
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
    expect(plan.unmanaged.map((one) => one.id)).toEqual(['toy/90', 'toy/900']);
  });
});
