// Why this exists: what a failed write left pending would be applied by the next start; what was
// pending before it is somebody else's work.
import {describe, expect, it} from 'vitest';
import type {Json} from '../core/json.ts';
import type {Observation} from '../core/model.ts';
import type {WriteCall} from '../core/ports.ts';
import {ok} from '../core/result.ts';
import type {ApplyContext} from './context.ts';
import {clearLeftovers, leavesPending, pendingKeys} from './leftovers.ts';
import {sampleIntent, sampleObserved, sampleStep} from './samples.ts';

const CALL = {
  method: 'PUT',
  path: '/nodes/pve1/qemu/150/config',
  params: {memory: 3072, cores: 2, delete: 'tags,onboot', digest: 'd1'},
} as const;
const STEP = sampleStep({call: CALL});
const PENDING = [
  {key: 'memory', value: '2048', pending: '3072'},
  {key: 'cores', value: '1', pending: '2'},
  {key: 'tags', value: 'a', delete: 1},
  {key: 'vga', value: 'std', pending: 'serial0'},
];

const OURS: Observation = {kind: 'present', observed: sampleObserved()};

/** A context whose `/pending` answers one after the other, the last one for ever. */
function contextOf(answers: readonly Json[], {refuses = false, seen = OURS} = {}) {
  const reverts: WriteCall[] = [];
  const left = [...answers];
  const error = {kind: 'server', status: 500, message: 'x', errors: {}, sent: 'answered'} as const;
  const pve = {
    read: async (path: string) => {
      if (!path.endsWith('/pending')) return ok(null);
      return ok(left.length > 1 ? (left.shift() ?? null) : (left[0] ?? null));
    },
    write: async (call: WriteCall) => {
      reverts.push(call);
      return refuses ? {ok: false, error} : ok(null);
    },
  };
  const kind = {name: 'Toy', idPrefix: 'qemu', reads: () => [], observe: () => seen};
  const clock = {now: () => 0};
  // Safe: clearing leftovers looks, reads and writes, and touches nothing else of its context.
  const context = {pve, kinds: [kind], clock} as unknown as ApplyContext;
  return {context, reverts};
}

describe('what a failed write left pending', () => {
  it('is reverted, deletions too, and nothing that it did not write', async () => {
    const {context, reverts} = contextOf([PENDING, []]);
    const said = await clearLeftovers(context, sampleIntent(STEP, {pendingBefore: []}));
    expect(reverts.map(({params}) => params)).toEqual([
      {revert: 'memory,cores,tags', digest: 'd1'},
    ]);
    expect(said).toBe('reverted what it left pending: memory, cores, tags');
  });

  it('stays where there was pending work before', async () => {
    const {context, reverts} = contextOf([PENDING, []]);
    await clearLeftovers(context, sampleIntent(STEP, {pendingBefore: ['cores', 'tags']}));
    expect(reverts.map(({params}) => params)).toEqual([{revert: 'memory', digest: 'd1'}]);
  });

  it('is left alone by an older journal that does not say what was pending before', async () => {
    const {context, reverts} = contextOf([PENDING]);
    expect(await clearLeftovers(context, sampleIntent(STEP))).toBeNull();
    expect(reverts).toEqual([]);
  });

  it.each([
    ['another witness', {kind: 'present', observed: sampleObserved({witness: 'uuid-2'})}],
    ['no marker', {kind: 'present', observed: sampleObserved({ownership: {kind: 'unmarked'}})}],
    ['another kind', {kind: 'other', because: 'VMID 150 is a container'}],
    ['nothing', {kind: 'absent'}],
  ] as const)('is not looked for in %s that took the place of the guest', async (_, seen) => {
    const {context, reverts} = contextOf([PENDING, []], {seen});
    const said = await clearLeftovers(context, sampleIntent(STEP, {pendingBefore: []}));
    expect([said, reverts]).toEqual([null, []]);
  });

  it('is told when it cannot be read, or not be reverted, or does not go', async () => {
    const intent = sampleIntent(STEP, {pendingBefore: []});
    const unread = await clearLeftovers(contextOf(['no list']).context, intent);
    const refused = await clearLeftovers(contextOf([PENDING], {refuses: true}).context, intent);
    const stays = await clearLeftovers(contextOf([PENDING]).context, intent);
    expect([unread, refused, stays]).toEqual([
      'what it left pending could not be read',
      'left pending, and reverting failed: memory, cores, tags',
      'left pending: memory, cores, tags',
    ]);
  });
});

it('only writes of a machine’s configuration leave work pending', () => {
  const path = '/nodes/pve1/qemu/150/resize';
  expect(leavesPending(STEP)).toBe(true);
  expect(leavesPending(sampleStep({operation: 'allocate'}))).toBe(true);
  expect(leavesPending(sampleStep({operation: 'resize', call: {...CALL, path}}))).toBe(false);
  expect(leavesPending(sampleStep({call: {...CALL, path}}))).toBe(false);
});

it('pending keys are those whose configured and active text differ', () => {
  const raw = {configured: {memory: '1', tags: 'a'}, active: {memory: '2', tags: 'a', vga: 'std'}};
  expect(pendingKeys(sampleObserved({raw}))).toEqual(['memory', 'vga']);
  expect(pendingKeys(null)).toEqual([]);
});
