// Why this exists: section 9, deleting.
import {F} from './files.ts';
import {held, type Promised} from './promise.ts';

/** What deleting promises. */
export const DELETING: readonly Promised[] = [
  held(
    '9.candidate',
    'only what is ours, of a source that was read, and that no document claims leaves',
    [F.plan, 'A source prunes only what it made, and a claim by two sources is an error in both.'],
    [F.life, 'that leaves Git is deleted once approved, with its volumes and nothing else'],
    [F.attacks, 'a source that fails, is renamed or is taken away deletes nothing'],
  ),
  held(
    '9.not-while',
    'nothing leaves while a document has an error, the path is empty or the list is incomplete',
    [F.life, 'while a document of the source has an error'],
    [F.life, 'while the folder holds no valid document at all'],
    [F.life, 'while the list of guests could not be read'],
    [
      F.manifestProperties,
      'that are broken keep the VMID that stands in them claimed, wherever cut off',
    ],
  ),
  held(
    '9.on-delete',
    'destroy waits for approval, retain only takes marker and record away',
    [F.life, 'that leaves Git is deleted once approved, with its volumes and nothing else'],
    [F.life, 'with on-delete: retain is released: only the marker goes'],
  ),
  held('9.comes-back', 'a manifest that comes back ends the deletion', [
    F.life,
    'whose manifest comes back before the approval has no delete any more',
  ]),
  held(
    '9.calls',
    'shutdown, then destroy without purge and with its own volumes only',
    [F.steps, 'shuts down, then destroys the guest with its own volumes only'],
    [F.delete, 'a deletion names the run state, the volumes and the snapshots that go'],
  ),
  held(
    '9.in-use',
    'what HA manages or others stand on is not deleted',
    [F.drift, 'of power and deletion while HA is in charge, but not of configuration'],
    [F.steps, 'is refused while protection is on, and while others stand on its disks'],
  ),
  held(
    '9.in-use',
    'membership in a backup job or in replication refuses it, and unread membership holds it',
    [F.delete, 'a backup job that lists it is named, and keeps its list'],
    [F.delete, 'a replication job is named, and where it copies to'],
    [F.delete, 'what the token may not read holds it, and names the privilege'],
  ),
  held(
    '9.retain-disks',
    '`retainDisks` names disks that are reassigned before',
    [F.retain, 'gives them away before it is destroyed, and they keep their data'],
    [F.retain, 'destroys nothing when giving fails half-way, and goes on from there'],
  ),
  held(
    '9.protection',
    'live protection refuses a deletion; taking it off is destructive itself',
    [F.plan, 'Live `protection: 1` refuses it.'],
    [
      'test/kinds/life.test.ts',
      'refuses to delete a protected guest, and takes protection off only destructively',
    ],
  ),
  held(
    '9.blast-radius',
    'too many destructive actions need an approval of their set',
    [F.gate, 'counts as many as the larger of the number and the share of managed guests'],
    [F.gate, 'lets them go when one approval names the set, each still under its own'],
    [F.gate, 'an approval of a set covers what is left of it, and nothing that came to it'],
    [F.upheaval, 'a set whose first VMID moves far away is a mass deletion, which is held'],
  ),
];
