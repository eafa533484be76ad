// Why this exists: neighbours of the recorded writes to containers, as the code of pve-container
// 5.3.5 and pve-common 8.3.8 answers them when it is asked.
import {describe, expect, it} from 'vitest';
import {call, clusterWith} from '../qemu-calls.ts';

const container = {
  hostname: 'ct',
  memory: '512',
  ostype: 'debian',
  arch: 'amd64',
  rootfs: 'local:200/vm-200-disk-0.raw,size=1G',
};

describe('the CPU weight of a container (PVE/CGroup.pm, clamp_cpu_shares)', () => {
  it.each([
    ['0', 0],
    ['10001', 10_000],
  ])('%s is kept as %s', (given, kept) => {
    const cluster = clusterWith({containers: {200: {config: container}}});
    const url = '//nodes/pve1/lxc/200/config';
    expect(call(cluster, 'PUT', url, {cpuunits: given}).status).toBe(200);
    expect(call(cluster, 'GET', url).data).toMatchObject({cpuunits: kept});
  });
});
