// Why this exists: what is a difference, and who made it.
import {describe, expect, it} from 'vitest';
import {makePlan} from './make-plan.ts';
import {brief, inputOf, only, planOf, recorded, wanted} from './samples.ts';

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

  it('is released, never removed, where it cannot be unset', () => {
    const body = {power: 'running'};
    const plan = planOf(wanted(), recorded({body}), {body});
    expect(plan.diagnostics).toMatchObject([{code: 'plan-field-released'}]);
    expect(only(plan)).toMatchObject({verb: 'none', record: {wrote: [], body: {}}});
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

  it('without a recorded hash is taken as unchanged and recorded; a rewrite is asked for', () => {
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

  it('that left Git is removed if we wrote it, and never shown', () => {
    const records = [recorded({...base, secretHashes: {password: 'old'}})];
    const plan = makePlan(inputOf({desired: [wanted()], records, live: {'guest/150': set}}));
    expect(only(plan).changes).toMatchObject([
      {field: 'password', to: null, cause: 'pending', shown: {from: '(secret)'}},
    ]);
    expect(only(plan).record?.secretHashes).toEqual({});
    const gone = makePlan(inputOf({desired: [wanted()], records, live: {'guest/150': {}}}));
    expect(brief(gone)).toMatchObject([{verb: 'none'}]);
  });

  it.each([
    ['newly asked for', {}, 'pending'],
    ['set again by somebody', {password: null}, 'drift'],
  ] as const)('that must be absent and is there (%s) differs', (_why, body, cause) => {
    const none = wanted({body: {password: null}});
    const records = [recorded({body})];
    const plan = makePlan(inputOf({desired: [none], records, live: {'guest/150': set}}));
    expect(only(plan).changes).toMatchObject([
      {to: null, cause, shown: {from: '(secret)', to: '(none)'}},
    ]);
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
