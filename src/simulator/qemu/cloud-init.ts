// Why this exists: the cloud-init image is made from the configuration at certain moments; between
// them GET cloudinit shows what the image does not know yet (facts.md section 9).
import {fail} from '../failure.ts';
import type {PendingEntry} from '../guest/pending.ts';
import type {QemuGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import {findVolume} from '../volume.ts';
import {cloudInitKey, parseDrive} from './drive.ts';
import {feedsCloudInit, isCloudInitKey, keyFacts} from './keys.ts';
import {parseProperties} from './property-string.ts';
import type {Job} from './volumes.ts';
import {storageNamed} from './volumes.ts';

/** Make the image from the current section; says so in the task's log. False without a drive. */
export function regenerate(job: Job, guest: QemuGuest): boolean {
  const key = cloudInitKey(guest.config);
  if (key === undefined) return false;
  const {file} = parseDrive(key, guest.config.get(key) ?? '');
  if (findVolume(job.cluster, job.node, file) === undefined) return false;
  assertSnippets(job, guest);
  job.log('generating cloud-init ISO');
  guest.cloudInit = new Map([...guest.config].filter(([name]) => feedsCloudInit(name)));
  guest.cloudInitDrift.clear();
  recordEffect(job.cluster, 'cloud-init', guest.vmid, file);
  return true;
}

/** The files that replace generated parts must be snippets, and be there. */
function assertSnippets(job: Job, guest: QemuGuest): void {
  const custom = parseProperties('cicustom', guest.config.get('cicustom') ?? '');
  for (const part of ['network', 'user', 'meta', 'vendor']) {
    const volid = custom.get(part);
    if (volid === undefined) continue;
    if (!/^[^:]+:snippets\//.test(volid)) fail(500, `${volid} is not in the snippets directory`);
    storageNamed(job.cluster, volid.split(':')[0] ?? '');
    if (findVolume(job.cluster, job.node, volid) === undefined) {
      fail(500, `volume '${volid}' does not exist`);
    }
  }
}

/** Note a change of a running guest's key that its image does not know; undone changes vanish. */
export function noteDrift(
  guest: QemuGuest,
  key: string,
  change: {readonly from: string | undefined; readonly to: string | undefined},
): void {
  if (!feedsCloudInit(key) || change.from === change.to) return;
  if (cloudInitKey(guest.config) === undefined) return;
  const inImage = guest.cloudInitDrift.get(key);
  if (inImage === undefined) guest.cloudInitDrift.set(key, change.from ?? null);
  else if (inImage === (change.to ?? null)) guest.cloudInitDrift.delete(key);
}

/** The entries of GET cloudinit. */
export function cloudInitView(guest: QemuGuest): readonly PendingEntry[] {
  const entries: PendingEntry[] = [];
  const shown = (key: string, value: string): string | number => {
    if (key === 'cipassword') return '**********';
    return keyFacts(key)?.type === 'boolean' ? Number(value) : value;
  };
  for (const [key, old] of guest.cloudInitDrift) {
    const now = guest.config.get(key);
    if (now === undefined) entries.push({key, delete: 1});
    else if (old === null) entries.push({key, pending: shown(key, now)});
    else entries.push({key, value: shown(key, old), pending: shown(key, now)});
  }
  for (const [key, value] of guest.config) {
    const isPlain = isCloudInitKey(key) && !guest.cloudInitDrift.has(key);
    if (isPlain && value !== '' && value !== '0') entries.push({key, value: shown(key, value)});
  }
  return entries;
}
