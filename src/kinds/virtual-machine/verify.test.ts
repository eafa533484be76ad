// Why this exists: a 200 is not success; a check that could not fail would be worse than none.
import {describe, expect, it} from 'vitest';
import {CONFIG, changesTo, observedOf, requestOf, type World} from './samples.ts';
import {steps} from './steps.ts';
import {verify} from './verify.ts';

function check(before: World, after: World, to: Parameters<typeof changesTo>[0]) {
  const observed = observedOf(before);
  const [step] = steps(
    requestOf('update', {world: before, changes: changesTo(to, observed)}),
  ).steps;
  if (!step) throw new Error('no step');
  return verify({before: observed, after: observedOf(after), step, done: true});
}

describe('a step', () => {
  it('is as expected when its fields read as promised and no other moved', () => {
    const after = {config: {...CONFIG, cores: 4}};
    expect(check({}, after, {'cpu.cores': 4})).toEqual({kind: 'as-expected'});
  });

  it('was not taken when a field reads otherwise', () => {
    expect(check({}, {}, {'cpu.cores': 4})).toMatchObject({
      kind: 'not-taken',
      fields: ['cpu.cores'],
      because: 'cpu.cores is (none), expected 4',
    });
  });

  it('was not taken when what should be in force is pending', () => {
    const after = {pending: {cpulimit: '2'}};
    expect(check({}, after, {'cpu.limit': 2})).toMatchObject({
      kind: 'not-taken',
      fields: ['cpu.limit'],
    });
  });

  it('shows a foreign hand when another field moved', () => {
    const after = {config: {...CONFIG, cores: 4, vga: 'qxl'}};
    expect(check({}, after, {'cpu.cores': 4})).toMatchObject({
      kind: 'foreign-change',
      fields: ['config.vga.type'],
    });
  });

  it('lets a storage round a disk up, never down', () => {
    const disk = (size: string) => ({
      config: {...CONFIG, scsi0: `${CONFIG['scsi0']}`.replace('32G', size)},
    });
    const to = {'disks.scsi0.size': 2 ** 36};
    expect(check({}, disk('65540M'), to)).toEqual({kind: 'as-expected'});
    expect(check({}, disk('63G'), to).kind).toBe('not-taken');
  });

  it('does not mind that the guest was started, moved or put into a pool meanwhile', () => {
    const after: World = {status: 'stopped', config: {...CONFIG, cores: 4}, guest: {pool: 'team'}};
    expect(check({}, after, {'cpu.cores': 4})).toEqual({kind: 'as-expected'});
  });

  it.each([
    ['release', 'its marker says "ours", expected "unmarked"'],
    ['adopt', 'its marker says "unmarked", expected "ours"'],
  ] as const)('about the marker (%s) was not taken while that is as before', (verb, says) => {
    const marked = {config: CONFIG};
    const bare = {config: {...CONFIG, description: ''}};
    const [before, after] = verb === 'release' ? [marked, bare] : [bare, marked];
    const [step] = steps(requestOf(verb, {world: before})).steps;
    if (!step) throw new Error('no step');
    const found = (world: World) =>
      verify({before: null, after: observedOf(world), step, done: true});
    expect(found(before)).toMatchObject({kind: 'not-taken', because: says});
    expect(found(after)).toEqual({kind: 'as-expected'});
  });

  it('covers the volume that a detached disk leaves behind', () => {
    const {scsi0: _, ...rest} = CONFIG;
    const after = {config: {...rest, unused0: 'local-lvm:vm-150-disk-0'}};
    expect(check({status: 'stopped'}, after, {'disks.scsi0': null})).toEqual({kind: 'as-expected'});
  });
});
