// Why this exists: what ties a guest to its node, as the precheck tells it and the migration asks
// it again (check_local_resources and others in PVE/QemuServer.pm).
import {fail} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import type {Context, Reply} from '../route.ts';
import {data, vmidOf} from '../route.ts';
import type {Cluster, QemuGuest} from '../state.ts';
import {parseVolid, requireStorage} from '../volume.ts';
import {drivesOf} from './drive.ts';
import {loadGuest} from './guest-file.ts';
import {isManaged} from './ha.ts';
import {missingMappings, movesAlive} from './mappings.ts';
import {parseProperties} from './property-string.ts';
import type {VolumeUse} from './volume-uses.ts';
import {volumeUses} from './volume-uses.ts';
import {storageNamed} from './volumes.ts';

/** Devices of a guest: those that tie it to the node, and the mapped ones by key. */
export interface LocalResources {
  readonly local: readonly string[];
  readonly mapped: ReadonlyMap<string, string>;
}

/** What of a guest cannot be saved or moved while it runs. */
function liveBlockers(config: ReadonlyMap<string, string>): readonly string[] {
  const keys = [...config.keys()];
  return [
    ...(config.has('amd-sev') ? ['amd-sev'] : []),
    ...(config.has('intel-tdx') ? ['intel-tdx'] : []),
    ...(keys.some((key) => /^virtiofs\d+$/.test(key)) ? ['virtiofs'] : []),
  ];
}

/** 500 when a guest with RAM to be saved has what cannot be saved. */
export function assertSavable(config: ReadonlyMap<string, string>): void {
  const blockers = liveBlockers(config);
  if (blockers.length === 0) return;
  const what = 'Cannot live-migrate, snapshot (with RAM), or hibernate a VM with: ';
  fail(500, what + blockers.join(', '));
}

/** The devices of a guest; a running one has more that count. */
export function localResources(guest: QemuGuest): LocalResources {
  const isRunning = guest.runtime !== undefined;
  const local: string[] = isRunning ? [...liveBlockers(guest.config)] : [];
  const mapped = new Map<string, string>();
  if (guest.config.has('ivshmem')) local.push('ivshmem');
  for (const [key, text] of guest.config) {
    const kind = /^(usb|hostpci|serial|parallel|virtiofs)\d+$/.exec(key)?.[1];
    if (kind === undefined) continue;
    const properties = parseProperties(key, text);
    const name = properties.get(kind === 'virtiofs' ? 'dirid' : 'mapping');
    if (kind === 'usb' && /^spice$/i.test(properties.get('host') ?? '')) continue;
    if (name !== undefined) mapped.set(key, name);
    if (kind === 'hostpci' && name !== undefined && !isRunning) continue;
    if (kind === 'serial' && text === 'socket') continue;
    local.push(key);
  }
  return {local, mapped};
}

/** GET migrate. */
export function precheck(context: Context): Reply {
  const {cluster, node} = context;
  const guest = loadGuest(cluster, node, vmidOf(context));
  assertUnlocked(guest);
  const {local, mapped} = localResources(guest);
  const isRunning = guest.runtime !== undefined;
  const vga = parseProperties('vga', guest.config.get('vga') ?? '');
  const hasClipboard = isRunning && vga.get('clipboard') === 'vnc';
  const others = [...cluster.nodes.values()].filter((one) => one.listed && one.name !== node);
  const refused = new Map(others.map(({name}) => [name, obstacles(cluster, guest, name)]));
  return data({
    running: isRunning ? 1 : 0,
    allowed_nodes: others
      .map(({name}) => name)
      .filter((name) => Object.keys(refused.get(name) ?? {}).length === 0),
    not_allowed_nodes: Object.fromEntries(refused),
    local_disks: localUses(cluster, guest).map(shownUse),
    local_resources: [...local, ...(hasClipboard ? ['clipboard=vnc'] : [])],
    'mapped-resources': [...mapped.keys()].sort(),
    'mapped-resource-info': Object.fromEntries(
      [...mapped].map(([key, name]) => [
        key,
        {name, ...(movesAlive(cluster, key, name) ? {'live-migration': 1} : {})},
      ]),
    ),
    ...newerFields(context, isRunning),
  });
}

/** What the precheck also tells since 9.0: companions under HA, and state beside the memory. */
function newerFields(context: Context, isRunning: boolean): Readonly<Record<string, unknown>> {
  const {cluster} = context;
  if (cluster.version === '8.4') return {};
  const isUnderHa = isManaged(cluster, vmidOf(context));
  return {
    ...(isUnderHa ? {'dependent-ha-resources': []} : {}),
    ...(isRunning ? {'has-dbus-vmstate': 1} : {}),
  };
}

/** Why a node will not do; empty when it will. */
function obstacles(
  cluster: Cluster,
  guest: QemuGuest,
  node: string,
): Readonly<Record<string, readonly string[]>> {
  const missing = new Set<string>();
  for (const drive of drivesOf(guest.config)) {
    const storage = cluster.storages.get(parseVolid(drive.file)?.storage ?? '');
    if (storage === undefined) continue;
    if (storage.disabled || storage.nodes?.has(node) === false) missing.add(storage.id);
  }
  const lacking = missingMappings(cluster, localResources(guest).mapped, node);
  return {
    ...(missing.size > 0 ? {unavailable_storages: [...missing].sort()} : {}),
    ...(lacking.length > 0 ? {'unavailable-resources': lacking} : {}),
  };
}

/** Uses of volumes that only this node has; an empty CD drive has none. */
export function localUses(cluster: Cluster, guest: QemuGuest): readonly VolumeUse[] {
  return [...volumeUses(guest).values()].filter((use) => {
    const storage = parseVolid(use.volid)?.storage;
    if (storage !== undefined && storageNamed(cluster, storage).shared) return false;
    return !use.shared && !(use.cdrom && use.volid === 'none');
  });
}

function shownUse(use: VolumeUse): Readonly<Record<string, unknown>> {
  const bit = (value: boolean): 0 | 1 => (value ? 1 : 0);
  const {snapshots, sizeBytes, drivename} = use;
  const names = Object.fromEntries(snapshots.map((name) => [name, 1]));
  return {
    volid: use.volid,
    cdrom: bit(use.cdrom),
    replicate: bit(use.replicate),
    shared: bit(use.shared),
    is_unused: bit(use.unused),
    is_attached: bit(use.attached),
    is_vmstate: bit(use.vmstate),
    is_tpmstate: bit(use.tpmstate),
    ...(snapshots.length > 0 ? {referenced_in_snapshot: names} : {}),
    ...(use.pending ? {referenced_in_pending: 1} : {}),
    ...(sizeBytes === undefined ? {} : {size: sizeBytes}),
    ...(drivename === undefined ? {} : {drivename}),
  };
}

/** 500 unless the storages of all drives are there on both nodes and take such volumes. */
export function assertStorages(cluster: Cluster, guest: QemuGuest, target: string): void {
  for (const {file} of drivesOf(guest.config)) {
    const parts = parseVolid(file);
    if (parts === undefined) continue;
    const storage = requireStorage(cluster, parts.storage, guest.node);
    requireStorage(cluster, parts.storage, target);
    assertContent(storage.content, file, parts.storage);
  }
}

/** 500 unless a storage takes volumes of that sort. */
export function assertContent(content: ReadonlySet<string>, volid: string, storage: string): void {
  const type = /^[^:]+:(iso|import|snippets)\//.exec(volid)?.[1] ?? 'images';
  if (!content.has(type)) {
    fail(500, `${volid}: content type '${type}' is not available on storage '${storage}'`);
  }
}
