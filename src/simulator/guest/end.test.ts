// Why this exists: a replicated guest of either kind is destroyed only if purge is asked for, and
// purge ends its replication and no other's (destroy_vm of qemu-server and of pve-container).
import {describe, expect, it} from 'vitest';
import {call, containerCluster, exit} from '../lxc/samples.ts';

describe.each([
  ['qemu', 100],
  ['lxc', 200],
] as const)('%s guest %i', (kind, vmid) => {
  it('is destroyed only with its replication', () => {
    const cluster = containerCluster({guests: {100: {config: {}}}});
    const jobs = new Map([`${vmid}-0`, `${vmid}0-0`].map((id) => [id, new Map<string, string>()]));
    cluster.sections.set('replication', jobs);
    expect(call(cluster, 'DELETE', `/${kind}/${vmid}`).reason).toBe(
      `There is a replication job '${vmid}-0' for guest '${vmid}' - Please remove that first.`,
    );
    expect(exit(cluster, 'DELETE', `/${kind}/${vmid}`, {purge: '1'})).toBe('OK');
    expect([...jobs.keys()]).toEqual([`${vmid}0-0`]);
  });
});
