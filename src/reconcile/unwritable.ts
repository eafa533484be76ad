// Why this exists: a journal that cannot be written stops every write to Proxmox, never the reads
// (safety.md 3.3, config.md): passes go on that only look, and say why nothing is done.
import {type Action, REFUSALS, type Reason, type Verdict} from '../core/action.ts';
import {type Journal, JournalError} from '../core/ports.ts';

/** Why the journal cannot be written, and what a person does about it. */
export interface Unwritable {
  readonly because: string;
  readonly remedy: string;
}

/** What is said of a journal that failed. */
export function unwritable({message, remedy}: JournalError): Unwritable {
  return {because: `the journal cannot be written: ${message}`, remedy};
}

/** Whether it may pass: a disk that is full or slow, or a held lock, is so for a while. */
export function mayPass(error: unknown): error is JournalError {
  if (!(error instanceof JournalError)) return false;
  switch (error.kind) {
    case 'full':
    case 'busy':
    case 'io':
    case 'permission':
      return true;
    case 'corrupt':
    case 'newer':
      return false;
  }
}

/** A journal whose small notes are kept in memory from the first on that cannot be written. */
export interface NotingJournal extends Journal {
  /** Writes what was noted meanwhile; throws JournalError. */
  readonly flush: () => void;
}

/**
 * The same journal for a pass that only looks: that it cannot note since when something drifts is
 * no reason not to see that it does.
 */
export function notingJournal(journal: Journal): NotingJournal {
  const noted = new Map<string, string | null>();
  let fails = false;
  const note = (name: string, value: string | null): void => {
    try {
      if (!fails) return journal.setValue(name, value);
    } catch (error) {
      if (!mayPass(error)) throw error;
      fails = true;
    }
    noted.set(name, value);
  };
  return {
    ...journal,
    setValue: note,
    value: (name) => noted.get(name) ?? (noted.has(name) ? null : journal.value(name)),
    valuesWith: (prefix) => {
      const kept = journal.valuesWith(prefix).filter(({name}) => !noted.has(name));
      const more = [...noted].flatMap(([name, value]) =>
        value !== null && name.startsWith(prefix) ? [{name, value}] : [],
      );
      return [...kept, ...more];
    },
    flush: () => {
      for (const [name, value] of noted) journal.setValue(name, value);
      noted.clear();
      fails = false;
    },
  };
}

/** Nothing goes ahead: what would be called waits until the journal can be written again. */
export function heldBy(
  {because, remedy}: Unwritable,
  actions: readonly Pick<Action, 'verb' | 'fingerprint'>[],
  verdicts: readonly Verdict[],
): readonly Verdict[] {
  const work = new Set(
    actions.filter(({verb}) => verb !== 'none').map(({fingerprint}) => fingerprint),
  );
  const own = {reason: 'incomplete', detail: because, remedy} as const;
  return verdicts.map((one) => {
    if (!work.has(one.fingerprint)) return one;
    const [refusals, holds] = [one.reasons.filter(isRefusal), one.reasons.filter(isOtherHold)];
    const verdict = refusals.length > 0 ? 'refuse' : 'hold';
    return {...one, verdict, reasons: [...refusals, own, ...holds], approval: null};
  });
}

type Against = Verdict['reasons'][number];

function isRefusal({reason}: Against): boolean {
  const refusals: readonly Reason[] = REFUSALS;
  return refusals.includes(reason);
}

/** One reason is said once. */
function isOtherHold(against: Against): boolean {
  return !isRefusal(against) && against.reason !== 'incomplete';
}
