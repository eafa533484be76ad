// Why this exists: section 2, what is never done.
import {F} from './files.ts';
import {held, type Promised} from './promise.ts';

/** What is never done. */
export const NEVER: readonly Promised[] = [
  held(
    '2.1',
    'what could not be read deletes, replaces and prunes nothing',
    [F.plan, 'Never delete, replace or prune because something could not be read: %s.'],
    [F.plan, 'Never replace because something could not be read: a token waits for the guest.'],
    [F.planProperties, 'never deletes, replaces or prunes because something could not be read'],
    [F.life, 'while the list of guests could not be read'],
  ),
  held(
    '2.1',
    'an empty, vanished or broken source prunes nothing',
    [F.life, 'while a document of the source has an error'],
    [F.life, 'while the folder holds no valid document at all'],
    [F.source, 'a vanished path, a path that is a file and an emptied repository are errors'],
    [F.source, 'a repository without commits is an error, never an empty revision'],
    [F.folder, 'a missing or empty folder is an error, never an empty revision'],
    [F.attacks, 'a source that fails, is renamed or is taken away deletes nothing'],
  ),
  held(
    '2.1',
    'an offline node and a filtered list make guests undetermined, never absent',
    [F.observe, 'a listing without nodes is not complete'],
    [F.observe, 'a guest of an offline node'],
    [F.observe, 'but absent is what Proxmox itself says is free'],
  ),
  held(
    '2.2',
    'nothing is written to a guest that is not provably ours',
    [F.plan, 'Never write to a guest that is not provably ours: %s.'],
    [F.ownership, '%s gets no step'],
    [F.planProperties, 'has no step for what is not provably ours'],
    [F.drift, 'when the marker is gone, and when another guest has the VMID'],
    [F.attacks, 'leaves the guest alone: $title'],
  ),
  held(
    '2.3',
    'nothing destructive without an allow verdict for exactly that action on that state',
    [F.gate, 'is held without an approval and allowed with one, which the verdict names'],
    [
      F.gateProperties,
      'nothing destructive is allowed without an unspent approval of that fingerprint',
    ],
    [F.delete, 'an approval of one state covers no other: a new snapshot needs a new one'],
    {script: 'test:crash'},
  ),
  held(
    '2.4',
    'a call whose outcome is unknown is not repeated before it is found out',
    [F.pve, 'is sent once when %s, and its outcome is unknown'],
    [F.exchange, 'a connection cut after the request may have been too late, and nothing repeats'],
    {script: 'test:crash'},
  ),
  held(
    '2.5',
    'the blast radius is never exceeded, approved or not',
    [F.gate, 'holds every destructive action of a plan with too many, approved or not'],
    [F.upheaval, 'a set whose first VMID moves far away is a mass deletion, which is held'],
  ),
  held(
    '2.6',
    'rewritten history and an older commit are not followed silently',
    [F.source, 'rewritten history and an older commit are never taken for progress'],
    [F.history, 'a missing commit is never taken for the end of history'],
    [F.trust, 'a rewritten or unrelated commit changes nothing until a person accepts it'],
  ),
  held(
    '2.6',
    'a commit that fails the signature check is not trusted',
    [F.signatures, 'is bad for one unsigned commit in the middle, though the head is signed'],
    [F.trust, 'a commit whose signature is bad changes nothing, and the reason is shown'],
  ),
  held(
    '2.7',
    'a plan is a pure function of values',
    [
      F.planProperties,
      'is a pure function of values: the same input gives the same plan and stays as it was',
    ],
    [F.planProperties, 'does not depend on the order of its input'],
  ),
  held(
    '2.7',
    'links, submodules and paths that lead out are left out',
    [F.source, 'links, submodules, LFS pointers and big files are left out with a reason'],
    [F.tree, 'a name in a tree is refused when it is'],
    [F.remote, 'a sub-path is taken apart, and refused when it could leave'],
  ),
  held(
    '2.8',
    'no secret is printed, stored or exported; only that one changed is said',
    [F.plan, 'Never print, store or export a secret.'],
    [F.log, 'is not shown, known %s'],
    [F.pve, 'keeps what it sent as a secret out of the error'],
    [F.trust, 'a secret is nowhere but in the request that sets it'],
  ),
  held(
    '2.9',
    'a person is not fought: tag, lock, HA, suspension',
    [F.plan, 'Never fight a person: %s.'],
    [F.drift, 'while the guest carries the tag pvegit-hold'],
    [F.drift, 'while Proxmox holds a lock on it'],
    [F.drift, 'of power and deletion while HA is in charge, but not of configuration'],
    [F.trust, 'a suspended guest is left alone until the suspension lapses'],
  ),
  held('2.9', 'a field that was corrected three times in an hour is contested', [
    F.trust,
    'a field that keeps being changed back is corrected three times an hour',
  ]),
  held(
    '2.10',
    'every hold and refusal has a reason from the closed set, with a remedy',
    [F.reasons, '%s has a case, a rule of its name and a remedy'],
    [F.gateProperties, 'an allow has no reason, a hold or refusal has one, and its remedy'],
    [F.metrics, 'are counted by class, verb and the reason shown'],
  ),
  held(
    '2.11',
    'the guest that the controller runs in is not stopped, cycled, moved offline or deleted',
    [F.gate, 'refuses what interrupts it, approved or not, and allows the rest'],
    [F.trust, 'our own guest is neither cycled nor deleted, approved or not'],
  ),
];
