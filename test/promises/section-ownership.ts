// Why this exists: sections 6 and 7, whose a guest is and what the record decides.
import {F} from './files.ts';
import {held, open, type Promised} from './promise.ts';

/** Ownership and the record. */
export const OWNERSHIP: readonly Promised[] = [
  held(
    '6.marker',
    'the marker is part of the creating call, and kept in each write of the description',
    [F.create, 'clones with the marker in the cloning call, then writes what can be foreseen'],
    [F.steps, 'keeps the marker in each write of the description'],
  ),
  held(
    '6.marker',
    'only the exact last line is a marker, whatever else stands in the description',
    [F.attacks, 'leaves the guest alone: $title'],
    [F.attacks, 'is still ours: $title'],
    [F.attacks, 'of Git that holds a marker is refused'],
  ),
  held(
    '6.copies',
    'a clone has the marker of another VMID, a restore elsewhere that of another cluster',
    [F.observe, 'is not ours by a marker %s'],
    [F.attacks, 'a clone of our guest is not ours, and is told how it can be'],
  ),
  open(
    '6.others',
    'other objects carry the marker in their comment, snapshots in their description',
    {
      issue: 'later',
      because: 'no other kind lives in Proxmox yet',
    },
  ),
  held(
    '6.witness',
    'the witness is kept in the record and is refreshed after each verified write',
    [F.observe, 'is known by its UUID, digest and marker'],
    [F.ownership, '%s gets no step'],
  ),
  held(
    '6.ours',
    'ours is marker and witness and record, and the open intent stands in',
    [F.ownership, '%s gets no step'],
    {script: 'test:crash'},
  ),
  held(
    '6.no-record',
    'a marker without a record is taken up silently only where nothing differs',
    [F.ownership, 'with our marker is recorded again if it is as declared, else held'],
    [F.trust, 'after the journal is lost, guests that are as declared are taken up, untouched'],
  ),
  held('6.marker-missing', 'a record without a marker is held', [
    F.drift,
    'when the marker is gone, and when another guest has the VMID',
  ]),
  held(
    '6.adoption',
    'adoption names a witness, writes the marker and changes nothing else',
    [F.life, 'writes only the marker where the plan is otherwise empty'],
    [F.life, 'waits with the difference where there is one, and writes nothing'],
    [F.life, 'is refused for another witness, and without being asked for'],
    [F.attacks, 'that leaves no room for the marker is not adopted, with the reason'],
  ),
  held('7.function', 'the same input gives the same plan', [
    F.planProperties,
    'is a pure function of values: the same input gives the same plan and stays as it was',
  ]),
  held('7.pending', 'Git moved: pending', [
    F.drift,
    'is pending when Git moved, drift when the cluster moved, and both converge',
  ]),
  held(
    '7.drift',
    'live moved: drift, corrected or only reported',
    [F.drift, 'is pending when Git moved, drift when the cluster moved, and both converge'],
    [F.drift, 'is only shown where drift is to be reported'],
  ),
  held('7.conflict', 'both moved: a conflict, which waits for a person', [
    F.drift,
    'is a conflict when both moved, and waits for a person',
  ]),
  held('7.both', 'both moved to the same value: the record follows', [
    F.plan,
    'Both moved to the same value: nothing to do, the record follows.',
  ]),
  held('7.no-base', 'without a base a difference is a conflict', [
    F.diff,
    '%s: git %s, base %s, live %s is %s',
  ]),
  held(
    '7.power',
    'drift of power waits ten minutes, and while another user stopped the guest',
    [F.drift, 'of power waits ten minutes, and longer while somebody else stopped the guest'],
    [F.gate, 'drift of power waits ten minutes, and no longer'],
  ),
];
