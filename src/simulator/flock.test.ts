// Why this exists: waiting for a lock file gives Proxmox's best-known errors.
import {describe, expect, it} from 'vitest';
import {advance} from './clock.ts';
import {createCluster} from './create.ts';
import {acquire, isHeld, qemuLockFile} from './flock.ts';

const file = qemuLockFile(117);
const fresh = () => createCluster({version: '8.4', seed: 3, nowMs: 0});
const never = () => expect.unreachable('was to be granted');

describe('a lock file', () => {
  it('is given to the next in line when it comes back', () => {
    const cluster = fresh();
    const order: string[] = [];
    let release = (): void => {};
    acquire(
      cluster,
      {file},
      (giveBack) => {
        release = giveBack;
      },
      never,
    );
    acquire(cluster, {file}, () => order.push(`granted at ${cluster.nowMs}`), never);
    advance(cluster, 4_000);
    release();
    release();
    expect(order).toEqual(['granted at 4000']);
    expect(isHeld(cluster, file)).toBe(true);
  });

  it('times out after 10 s with the text of Proxmox', () => {
    const cluster = fresh();
    const texts: string[] = [];
    acquire(cluster, {file}, () => {}, never);
    acquire(
      cluster,
      {file},
      () => expect.unreachable('is held for ever'),
      (text) => texts.push(text),
    );
    advance(cluster, 9_999);
    expect(texts).toEqual([]);
    advance(cluster, 10_000);
    expect(texts).toEqual([`can't lock file '${file}' - got timeout`]);
  });

  it('can be held by several sharers but not beside a writer', () => {
    const cluster = fresh();
    const granted: string[] = [];
    const releases: (() => void)[] = [];
    const share = (name: string) => (release: () => void) => {
      granted.push(name);
      releases.push(release);
    };
    acquire(cluster, {file, shared: true}, share('clone 1'), never);
    acquire(cluster, {file, shared: true}, share('clone 2'), never);
    acquire(cluster, {file}, share('write'), never);
    expect(granted).toEqual(['clone 1', 'clone 2']);
    releases[0]?.();
    expect(granted).toHaveLength(2);
    releases[1]?.();
    expect(granted).toEqual(['clone 1', 'clone 2', 'write']);
  });
});
