// Why this exists: memory that can be hot-plugged consists of a fixed part and modules whose sizes
// follow a rule; starting such a guest has conditions (PVE/QemuServer/Memory.pm).
import {fail} from '../failure.ts';
import {parseProperties} from './property-string.ts';

/** The part of hot-pluggable memory that is always there, in MiB. */
export const staticMiB = 1024;

/** The most that a guest with a default CPU on a usual host can have, in MiB. */
export const largestMiB = 524_288;

/** Modules that make up some memory: how many, how much in all, how large the last one is. */
interface Modules {
  readonly count: number;
  readonly totalMiB: number;
  readonly lastMiB: number;
}

/** The modules of so much memory; in all they may be more than what is wanted. */
export function dimmsFor(wantedMiB: number): Modules {
  let totalMiB = staticMiB;
  let count = 0;
  let lastMiB = 512;
  for (let sizeMiB = 512; totalMiB < wantedMiB; sizeMiB *= 2) {
    for (let index = 0; index < 32 && totalMiB < wantedMiB; index += 1) {
      totalMiB += sizeMiB;
      count += 1;
      lastMiB = sizeMiB;
    }
  }
  return {count, totalMiB, lastMiB};
}

/** Own NUMA nodes name their memory, which is all of it, and how they are bound to the host's. */
function assertNumaNodes(config: ReadonlyMap<string, string>, mib: number): void {
  const nodes = [...config].filter(([key]) => /^numa\d+$/.test(key)).sort();
  let totalMiB = 0;
  for (const [key, text] of nodes) {
    const node = parseProperties(key, text);
    const index = key.slice('numa'.length);
    const memory = node.get('memory');
    if (memory === undefined) fail(500, `missing NUMA node${index} memory value`);
    const bound = node.get('hostnodes');
    if (bound !== undefined && !node.has('policy')) {
      fail(500, `you need to define a policy for hostnode ${bound.replaceAll(';', ',')}`);
    }
    totalMiB += Number(memory);
  }
  if (nodes.length > 0 && totalMiB !== mib) {
    fail(500, 'total memory for NUMA nodes must be equal to vm static memory');
  }
}

/** 500 unless a guest with such a configuration can be started with its memory. */
export function assertMemory(
  config: ReadonlyMap<string, string>,
  memory: {readonly mib: number; readonly hotplug: boolean},
): void {
  const {mib, hotplug} = memory;
  const hasNuma = config.get('numa') === '1';
  const keys = [...config.keys()];
  if (hotplug) {
    if (!hasNuma) fail(500, 'NUMA needs to be enabled for memory hotplug');
    if (mib > largestMiB) fail(500, `Total memory is bigger than ${largestMiB}MB`);
    if (keys.some((key) => /^numa\d+$/.test(key))) {
      fail(500, 'cannot enable memory hotplugging with custom NUMA topology');
    }
    if (mib < staticMiB) fail(500, `minimum memory must be ${staticMiB}MB`);
  }
  if (config.has('hugepages') && !hasNuma) {
    const place = 'at /usr/share/perl5/PVE/QemuServer/Memory.pm line 405.';
    fail(500, `numa needs to be enabled to use hugepages ${place}`);
  }
  if (!hotplug) {
    if (hasNuma) assertNumaNodes(config, mib);
    return;
  }
  if (keys.some((key) => /^virtiofs\d+$/.test(key))) {
    fail(500, 'Memory hotplug does not work in combination with virtio-fs.');
  }
  const {totalMiB, lastMiB} = dimmsFor(mib);
  if (totalMiB > mib) {
    fail(500, `memory size (${mib}) must be aligned to ${lastMiB} for hotplugging`);
  }
}
