// Why this exists: deleting a guest is shutting it down and destroying it with its own volumes
// only; what would be lost is named beforehand, and what forbids it too.
import type {Finding} from '../../core/action.ts';
import type {JsonObject} from '../../core/json.ts';
import type {Inventory, Observed} from '../../core/model.ts';
import {configuredOf} from '../guest/live-config.ts';
import {destroy, type GuestPlace} from './drafts.ts';
import {drivesOf, storageOf, volumeOwner} from './drive.ts';
import {linkedClones} from './linked-clones.ts';
import {membershipFacts, membershipFindings} from './membership.ts';
import {snapshotPath} from './reads.ts';
import type {Kept} from './retain.ts';
import {snapshotsOf} from './snapshots.ts';
import type {Draft} from './step-draft.ts';
import {shutdownDraft} from './update.ts';

/** The calls that delete a guest. */
export function deleteDrafts(
  observed: Observed,
  guest: GuestPlace,
  {drafts}: Kept,
): readonly Draft[] {
  const runs = observed.power !== 'stopped';
  return [...(runs ? [shutdownDraft(guest, observed)] : []), ...drafts, destroy(guest)];
}

/** What forbids deleting it as things stand. */
export function deleteFindings(observed: Observed, vmid: number, inventory: Inventory): Finding[] {
  const findings: Finding[] = [];
  if (observed.protection) {
    const remedy = 'first a commit that takes protection off';
    findings.push({reason: 'protected', detail: `protection is set on guest ${vmid}; ${remedy}`});
  }
  const listed = inventory.reads[snapshotPath(observed.node, vmid)]?.outcome;
  if (listed && !listed.ok) {
    const detail = `its snapshots could not be read: ${listed.error.message}`;
    findings.push({reason: 'incomplete', detail});
  }
  if (observed.power === 'unknown') {
    findings.push({reason: 'incomplete', detail: 'whether it runs is not known'});
  }
  for (const user of linkedClones(vmid, inventory)) {
    findings.push({reason: 'in-use', detail: `${user} stands on its disks (linked clone)`});
  }
  findings.push(...membershipFindings(observed, vmid, inventory));
  return findings;
}

/** What is lost: run state, the volumes that the guest owns with their sizes, and snapshots. */
export function deleteFacts(
  observed: Observed,
  vmid: number,
  inventory: Inventory,
  {volumes, says}: Kept,
): JsonObject {
  const snapshots = snapshotsOf(observed.node, vmid, inventory);
  return {
    power: observed.power,
    volumes: volumesOf(observed, vmid).filter(({volid}) => !volumes.includes(volid)),
    ...(says.length === 0 ? {} : {keeps: [...says]}),
    ...(snapshots.length === 0 ? {} : {snapshots}),
    ...membershipFacts(observed, vmid, inventory),
  };
}

function volumesOf(
  observed: Observed,
  vmid: number,
): readonly {readonly volid: string; readonly size: string | null}[] {
  const config = configuredOf(observed);
  const drives = drivesOf(config)
    .filter(({kind}) => kind !== 'cdrom')
    .map(({file, parts}) => ({volid: file, size: parts.get('size') ?? null}));
  const others = [...config]
    .filter(([key]) => /^(unused\d+|efidisk0|tpmstate0)$/.test(key))
    .map(([, text]) => {
      const [volid = '', ...rest] = text.split(',');
      const size = rest.find((part) => part.startsWith('size='))?.slice('size='.length);
      return {volid, size: size ?? null};
    });
  return [...drives, ...others]
    .filter(({volid}) => storageOf(volid) !== null && volumeOwner(volid) === vmid)
    .toSorted((a, b) => (a.volid < b.volid ? -1 : 1));
}
