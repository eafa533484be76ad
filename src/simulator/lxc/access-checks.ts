// Why this exists: beyond the schema's own permission check each key of a container's configuration
// has its privilege, some things only root may do, and volumes and bridges ask for rights of their
// own (check_ct_modify_config_perm of pve-container).
import {forbid} from '../failure.ts';
import {requireCard} from '../guest/bridge.ts';
import {require403} from '../permission.ts';
import type {Request} from '../qemu/access-checks.ts';
import {requireOnGuest} from '../qemu/access-checks.ts';
import {requireTags} from '../qemu/tag-access.ts';
import {requireVolumeAccess} from '../qemu/volume-access.ts';
import type {Version} from '../state.ts';
import type {Properties} from './keys.ts';
import {isMountKey, isNetKey, parseProperties} from './keys.ts';
import {newDiskWish, parseMount} from './mountpoint.ts';

/** What is to be changed: values by key, deleted keys, and what there is now (none: a new one). */
export interface Intended {
  readonly request: Request;
  readonly before: ReadonlyMap<string, string> | undefined;
  readonly set: ReadonlyMap<string, string>;
  readonly deletes: readonly string[];
  readonly unprivileged: boolean;
}

const plainPrivileges: Readonly<Record<string, string>> = {
  cores: 'VM.Config.CPU',
  cpulimit: 'VM.Config.CPU',
  cpuunits: 'VM.Config.CPU',
  memory: 'VM.Config.Memory',
  swap: 'VM.Config.Memory',
  hostname: 'VM.Config.Network',
  nameserver: 'VM.Config.Network',
  searchdomain: 'VM.Config.Network',
};

/** Require what each set or deleted key asks for; root may all. */
export function requireChanges(intended: Intended): void {
  if (intended.request.context.auth.isRoot) return;
  for (const [key, text] of intended.set) requireKey(intended, key, text);
  for (const key of intended.deletes) requireKey(intended, key, undefined);
}

/** One key; `text` undefined means that it is deleted. */
function requireKey(intended: Intended, key: string, text: string | undefined): void {
  const {request, before} = intended;
  if (isMountKey(key)) requireMount(request, key, text);
  else if (isNetKey(key)) {
    requireOnGuest(request, ['VM.Config.Network']);
    for (const card of [before?.get(key), text]) {
      if (card !== undefined) requireBridge(request, card);
    }
  } else if (/^dev\d+$/.test(key)) {
    forbid('configuring device passthrough is only allowed for root@pam');
  } else if (key === 'features') requireFeatures(intended, text);
  else if (key === 'hookscript') forbid('changing the hookscript is only allowed for root@pam');
  else if (key === 'tags') {
    requireOnGuest(request, ['VM.Config.Options']);
    requireTags(request, before?.get('tags') ?? '', text ?? '');
  } else requireOnGuest(request, [plainPrivileges[key] ?? 'VM.Config.Options']);
}

function requireMount(request: Request, key: string, text: string | undefined): void {
  requireOnGuest(request, ['VM.Config.Disk']);
  if (text === undefined) return;
  const {context} = request;
  const mount = parseMount(context.cluster.version, key, text);
  if (mount.type !== 'volume') {
    forbid(`mount point type ${mount.type} is only allowed for root@pam`);
  }
  const wish = newDiskWish(mount.volume);
  if (wish === undefined) requireVolumeAccess(request, mount.volume, 'rootdir');
  else require403(context, `/storage/${wish.storage}`, ['Datastore.AllocateSpace']);
}

/** Require the use of the bridge of a netN value. */
export function requireBridge({context}: Request, card: string): void {
  requireCard(context, parseProperties(context.cluster.version, 'net0', card));
}

/** Of an unprivileged container `nesting` alone may be changed, with VM.Allocate. */
function requireFeatures(intended: Intended, text: string | undefined): void {
  if (!intended.unprivileged) {
    forbid('changing feature flags for privileged container is only allowed for root@pam');
  }
  const {version} = intended.request.context.cluster;
  const changed = changedFeatures(
    features(version, intended.before?.get('features')),
    features(version, text),
  );
  if (changed.some((name) => name !== 'nesting')) {
    forbid('changing feature flags (except nesting) is only allowed for root@pam');
  }
  if (changed.length > 0) requireOnGuest(intended.request, ['VM.Allocate']);
}

function features(version: Version, text: string | undefined): Properties {
  return parseProperties(version, 'features', text ?? '');
}

function changedFeatures(before: Properties, after: Properties): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => (before.get(name) ?? '') !== (after.get(name) ?? ''));
}
