// Why this exists: a mapped device or directory is one of each node that its mapping names, and of
// no other (PVE/Mapping/*.pm in pve-guest-common, QemuServer/USB.pm, PCI.pm and Virtiofs.pm).
import {fail} from '../failure.ts';
import {sectionsOf} from '../section.ts';
import type {Cluster} from '../state.ts';
import {parseProperties} from './property-string.ts';
import type {Job} from './volumes.ts';

/** The keys of mapped devices, given with their mappings, of which a node has none. */
export function missingMappings(
  cluster: Cluster,
  mapped: ReadonlyMap<string, string>,
  node: string,
): readonly string[] {
  return [...mapped].flatMap(([key, name]) => (isThere(cluster, {key, name, node}) ? [] : [key]));
}

/** Whether a mapped device goes along with a guest that runs. */
export function movesAlive(cluster: Cluster, key: string, name: string): boolean {
  const section = sectionOf(cluster, key, name);
  return key.startsWith('hostpci') && section?.get('live-migration-capable') === '1';
}

/** 500 unless the job's node has something for each mapping that a configuration uses. */
export function assertMappings({cluster, node}: Job, config: ReadonlyMap<string, string>): void {
  for (const [key, text] of [...config].sort()) {
    const kind = kindOf(key);
    if (kind === undefined) continue;
    const name = parseProperties(key, text).get(kind === 'dir' ? 'dirid' : 'mapping');
    if (name === undefined || isThere(cluster, {key, name, node})) continue;
    if (kind !== 'dir') {
      fail(500, `${kind.toUpperCase()} device mapping not found for '${name}'`);
    }
    const isKnown = sectionOf(cluster, key, name) !== undefined;
    fail(
      500,
      isKnown ? `No directory mapping for node ${node}.` : `Directory ID ${name} does not exist.`,
    );
  }
}

function kindOf(key: string): 'dir' | 'pci' | 'usb' | undefined {
  if (/^hostpci\d+$/.test(key)) return 'pci';
  if (/^usb\d+$/.test(key)) return 'usb';
  return /^virtiofs\d+$/.test(key) ? 'dir' : undefined;
}

function sectionOf(cluster: Cluster, key: string, name: string) {
  return sectionsOf(cluster, `mapping-${kindOf(key)}`).get(name);
}

function isThere(
  cluster: Cluster,
  {key, name, node}: {readonly key: string; readonly name: string; readonly node: string},
): boolean {
  const map: unknown = JSON.parse(sectionOf(cluster, key, name)?.get('map') ?? '[]');
  const entries = Array.isArray(map) ? map.map(String) : [];
  return entries.some((entry) => entry.split(',').includes(`node=${node}`));
}
