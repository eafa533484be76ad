// Why this exists: every key that a container's configuration can have is written, read back,
// written again as it reads and taken out; none may drift by itself or be forgotten here.
import {describe, expect, it} from 'vitest';
import {findMethod} from '../schema/api.ts';
import type {Version} from '../state.ts';
import {call, containerCluster, keyValues} from './samples.ts';

/** A locked container takes no further write, an unprivileged one stays so. */
const elsewhere = new Set(['lock', 'unprivileged']);
const controls = new Set(['node', 'vmid', 'delete', 'revert', 'digest']);
const kept = new Set(['memory', 'rootfs', 'ostype']);

/** The keys of a release, indexed ones with 0. */
function keysOf(version: Version): readonly string[] {
  const params = findMethod(version, 'PUT', '/nodes/n/lxc/100/config')?.method.params ?? {};
  return Object.keys(params)
    .filter((key) => !controls.has(key) && !elsewhere.has(key))
    .map((key) => key.replace('[n]', '0'))
    .sort();
}

describe.each(['8.4', '9.1'] as const)('each key of %s', (version) => {
  it('has a value here', () => {
    const missing = keysOf(version).filter((key) => keyValues[key] === undefined);
    expect(missing).toEqual([]);
  });

  it.each(keysOf(version))('%s is read back, kept as it reads, and taken out', (key) => {
    const cluster = containerCluster({version});
    const write = (params: Readonly<Record<string, string>>) =>
      call(cluster, 'PUT', '/lxc/200/config', params, 'root@pam');
    const read = () => call(cluster, 'GET', '/lxc/200/config', {}, 'root@pam').data;
    const [typed, shown = typed] = keyValues[key] ?? [''];
    expect(write({[key]: typed}).reason).toBe('OK');
    const first = read();
    if (shown instanceof RegExp) expect(first[key]).toMatch(shown);
    else expect(first[key]).toEqual(shown);
    expect(write({[key]: String(first[key])}).reason).toBe('OK');
    expect(read()).toEqual(first);
    const gone = write({delete: key});
    if (kept.has(key)) expect(gone.reason).toBe(`unable to delete required option '${key}'`);
    else expect(read()).not.toHaveProperty(key);
  });
});
