// Why this exists: everything of the issue that a cluster, a repository, a person or the
// controller's own machine may do at any moment, each as one event that a seed may draw.
import {badCommit, edit, massDeletion, regret, sourceTrouble} from './commits.ts';
import {foreignHand, highAvailability, race} from './hands.ts';
import {generousOperator, operator, policy, resolves, retry, suspension} from './people.ts';
import {
  backup,
  frozen,
  fullDisk,
  journalChange,
  killed,
  secondController,
  stopped,
} from './processes.ts';
import type {Event} from './scene.ts';
import {
  clocks,
  nodeGoes,
  permissions,
  poisonedGuest,
  quorum,
  requestFault,
  taskFault,
  vanishedTasks,
} from './trouble.ts';

/** Everything that may happen, and how often against the others. */
export const EVENTS: readonly (readonly [Event, number])[] = [
  [requestFault, 8],
  [poisonedGuest, 2],
  [taskFault, 6],
  [vanishedTasks, 2],
  [nodeGoes, 3],
  [quorum, 2],
  [permissions, 2],
  [clocks, 2],
  [foreignHand, 7],
  [race, 2],
  [highAvailability, 1],
  [edit, 12],
  [massDeletion, 1],
  [regret, 2],
  [badCommit, 3],
  [sourceTrouble, 2],
  [operator, 4],
  [generousOperator, 3],
  [suspension, 3],
  [policy, 3],
  [resolves, 1],
  [retry, 1],
  [killed, 3],
  [stopped, 2],
  [secondController, 1],
  [frozen, 2],
  [fullDisk, 1],
  [backup, 1],
  [journalChange, 1],
];
