// Why this exists: a step leaves only if each single thing is what the plan believed.
import {describe, expect, it} from 'vitest';
import type {Guard} from '../core/action.ts';
import type {Observation} from '../core/model.ts';
import {checkGuard} from './guard.ts';
import {sampleGuard, sampleObserved} from './samples.ts';

const present = (with_: Parameters<typeof sampleObserved>[0] = {}): Observation => ({
  kind: 'present',
  observed: sampleObserved(with_),
});

const judge = (seen: Observation, guard: Partial<Guard> = {}, chain: string | null = null) =>
  checkGuard(sampleGuard(guard), seen, chain);

describe('a step leaves', () => {
  it.each([
    ['when all is as planned', present(), {}, null],
    ['when a free VMID is still free', {kind: 'absent'}, {state: 'absent'}, null],
    [
      'to mark a guest that nobody has marked',
      present({ownership: {kind: 'unmarked'}}),
      {state: 'unmarked'},
      null,
    ],
    ['when the run state does not matter', present({power: 'running'}), {power: null}, null],
    ['when the digest is that of the last read', present(), {digest: 'chain'}, 'd1'],
    ['after a restart, with the digest as it is now', present(), {digest: 'chain'}, null],
  ] as const)('%s', (_title, seen, guard, chain) => {
    expect(judge(seen, guard, chain).kind).toBe('fit');
  });
});

describe('a step does not leave', () => {
  it.each([
    ['what cannot be read', {kind: 'undetermined', because: 'x'}, {}, 'could not be read'],
    ['a VMID that was taken', present(), {state: 'absent'}, 'taken'],
    ['a guest that is gone', {kind: 'absent'}, {}, 'gone'],
    ['a container in its place', {kind: 'other', because: 'a container'}, {}, 'a container'],
    ['a lost marker', present({ownership: {kind: 'unmarked'}}), {}, 'marker'],
    ['another witness', present({witness: 'uuid-2'}), {}, 'identity'],
    ['a lock', present({lock: 'backup'}), {}, 'locked (backup)'],
    ['another node', present({node: 'pve2'}), {}, 'pve2'],
    ['another run state', present({power: 'running'}), {}, 'running'],
    ['an edit since the plan', present({digest: 'd2'}), {}, 'digest'],
    ['a marker where none should be', present(), {state: 'unmarked'}, 'marker'],
  ] as const)('for %s', (_title, seen, guard, because) => {
    const judged = judge(seen, guard);
    expect(judged.kind === 'unfit' && judged.because).toContain(because);
  });

  it('when the digest is not that of the last read of its own action', () => {
    expect(judge(present(), {digest: 'chain'}, 'd0').kind).toBe('unfit');
  });
});
