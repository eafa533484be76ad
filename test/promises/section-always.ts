// Why this exists: section 3, what is always done.
import {F} from './files.ts';
import {held, type Promised} from './promise.ts';

/** What is always done. */
export const ALWAYS: readonly Promised[] = [
  held(
    '3.1',
    'each step is preceded by a read and carries the digest of the one before',
    [F.steps, 'writes plain keys in one call with the digest of the plan'],
    [F.verify, 'shows a foreign hand when another field moved'],
    [F.trust, 'a change by another hand between plan and call ends the action'],
  ),
  held(
    '3.1',
    'writes to one guest never overlap',
    [F.gate, 'allows at most one action per resource, the first that nothing holds'],
    [F.gate, 'counts the guest that takes a disk over as written to'],
    [F.taker, 'waits with its own work until the gift is over'],
    {script: 'test:crash'},
  ),
  held(
    '3.2',
    'a task is judged by its exit status',
    [F.task, 'that ends with "%s" has success %s'],
    [F.task, 'that stopped without an exit status did not succeed'],
    [F.trust, 'a task that fails fails its action, which is tried again later'],
  ),
  held(
    '3.3',
    'intent before the call, task when it returns, outcome when it ends',
    [F.journal, 'an intent comes back as it was journalled, with its task and its end'],
    [F.journalFile, 'leaves every acknowledged row, and no approval spent without its intent'],
    {script: 'test:crash'},
  ),
  held(
    '3.4',
    'what did not take is reported, never assumed',
    [F.verify, 'was not taken when a field reads otherwise'],
    [F.verify, 'was not taken when what should be in force is pending'],
  ),
  held(
    '3.5',
    'after a successful apply the next plan is empty',
    [F.planProperties, 'After a successful apply the next plan is empty.'],
    [F.edits, 'converges and a revert reverts: $title'],
  ),
  held(
    '3.6',
    'the newest commit wins: no retry blocks the commit that fixes it',
    [F.gate, 'a failed action is tried again at once when its fingerprint has changed'],
    [F.trust, 'a commit that mends a failing action is taken up at once'],
  ),
  held(
    '3.7',
    'one bad object, guest or node never stops the others',
    [F.plan, 'One bad object, guest, node or cluster never stops the others.'],
    [F.manifest, 'keeps the good documents of a file with a poison one, before and after it'],
    [F.trust, 'a poison document and a failing guest do not stop the others'],
  ),
  held(
    '3.7',
    'what is half created stays, stopped and marked, and the next plan completes it',
    [F.plan, 'A record whose body is empty lets a half-created guest be completed, as pending.'],
    [F.createOnly, 'a guest that was made half is completed by the passes after it'],
  ),
  held(
    '3.8',
    'the order within a guest',
    [F.steps, 'detaches first, then writes, grows, allocates, orders the boot, and starts last'],
    [F.create, 'lifts an inherited protection before it takes a disk out'],
  ),
  held(
    '3.9',
    'evidence is captured before what interrupts or destroys; without it that is held',
    [F.gate, 'is held without evidence, although it is approved'],
    [F.trust, 'without evidence nothing is interrupted or destroyed'],
  ),
  held(
    '3.10',
    'every mutation is audited',
    [F.journal, 'the audit log is found by cluster and key, newest first'],
    [F.trust, 'every change stands in the audit log with its commit and its approver'],
  ),
  held('3.11', 'the signals that alert on our own silence are exported', [
    F.metrics,
    'what may happen next',
  ]),
  held(
    '3.12',
    'a clock that is off holds what depends on time and nothing else',
    [F.gate, 'holds what depends on time and nothing else'],
    [F.gate, 'ends no suspension'],
  ),
];
