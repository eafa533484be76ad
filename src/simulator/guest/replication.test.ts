// Why this exists: a replicated guest of either kind is destroyed only if purge is asked for, which
// ends its replication and no other's, and gets no volume that stays behind.
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

  it('gets only volumes that are replicated, left out, or everywhere', () => {
    const cluster = containerCluster({guests: {100: {config: {}}}});
    cluster.sections.set('replication', new Map([[`${vmid}-0`, new Map<string, string>()]]));
    const key = kind === 'qemu' ? 'scsi1' : 'mp1';
    const rest = kind === 'qemu' ? '' : ',mp=/x';
    const put = (volume: string) =>
      call(cluster, 'PUT', `/${kind}/${vmid}/config`, {[key]: `${volume}${rest}`}).reason;
    expect(put('thin:1')).toBe('cannot add non-replicatable volume to a replicated VM');
    expect(put('thin:1,replicate=0')).toBe('OK');
    expect(put('zfs:1')).toBe('OK');
    expect(put('shared:1')).toBe('OK');
    if (kind === 'qemu') expect(put('none,media=cdrom')).toBe('OK');
    cluster.sections.delete('replication');
    expect(put('thin:1')).toBe('OK');
  });
});
