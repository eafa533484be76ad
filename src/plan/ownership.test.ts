// Why this exists: nothing is planned for a guest that is not provably ours.
import {describe, expect, it} from 'vitest';
import {only, planOf, recorded, wanted} from './samples.ts';

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
