// Why this exists: how long a task takes is learnt by what it is and where it ran: on its guest,
// else on its storage (safety.md 4, windows). Who keeps it and who asks must mean the same.
import type {Action, CallStep} from './action.ts';

/** Where a task of a step runs, by name. */
export interface DurationNames {
  readonly guest: string;
  /** None where the task moves no disks. */
  readonly storages: readonly string[];
}

/** Under which names the durations of a step's task are kept; null: it has no task. */
export function durationNames(
  {key, loads}: Pick<Action, 'key' | 'loads'>,
  step: CallStep,
): DurationNames | null {
  if (step.kind === 'call') return null;
  const sort = sortOf(step);
  const storages = step.operation === 'clone' ? clonedTo(loads) : storageOf(step);
  return {guest: `${sort}/${key}`, storages: storages.map((name) => `${sort}/storage/${name}`)};
}

/** The key of what ran on a guest, as it ends the name. */
export function isDurationOf(name: string, key: string): boolean {
  return name.endsWith(`/${key}`);
}

/** A linked clone says nothing of how long a full one takes. */
function sortOf({operation, call}: CallStep): string {
  if (operation !== 'clone') return operation;
  return String(call.params['full'] ?? '1') === '0' ? 'clone-linked' : 'clone-full';
}

const CLONE = 'clone:';

function clonedTo(loads: readonly string[]): readonly string[] {
  return loads.filter((load) => load.startsWith(CLONE)).map((load) => load.slice(CLONE.length));
}

function storageOf({call}: CallStep): readonly string[] {
  const {storage} = call.params;
  return typeof storage === 'string' ? [storage] : [];
}
