// Why this exists: a volume that pvegit set aside is kept for a while, so that a commit that was a
// mistake costs nothing; after that its removal is proposed, as a destructive action of its own
// that waits for approval. What others set aside is never proposed.
import type {Change} from '../core/action.ts';
import type {Observed} from '../core/model.ts';
import {shownOf} from './diff.ts';
import {declaredRule} from './rules.ts';
import type {Context, Subject} from './subject.ts';

const DAY_MS = 86_400_000;

/**
 * How long a volume is kept where nobody says otherwise. Two weeks: longer than a holiday in which
 * nobody misses what was on it, shorter than it takes to fill a storage with what nobody wants.
 */
const QUARANTINE_MS = 14 * DAY_MS;

/** What of the record's quarantine still stands aside. */
export function stillAside(
  {kind, record}: Subject,
  observed: Observed,
): {readonly [volume: string]: number} {
  const known = Object.entries(record?.quarantined ?? {});
  if (known.length === 0 || kind.setAside === undefined) return {};
  const {fields, leaving} = kind.setAside(observed);
  const aside = new Set([...Object.values(fields), ...leaving]);
  return Object.fromEntries(known.filter(([volume]) => aside.has(volume)));
}

/** Removals of what was kept long enough and nothing wants back; none for create-only. */
export function lapsed(context: Context, subject: Subject, observed: Observed): readonly Change[] {
  const {kind, desired} = subject;
  const since = stillAside(subject, observed);
  // Most guests have nothing aside, and looking at each of ten thousand takes its time.
  if (kind.setAside === undefined || Object.keys(since).length === 0) return [];
  if (desired?.directives.mode === 'create-only') return [];
  const wanted = wantedBack(subject);
  const keptMs = context.input.quarantineMs ?? QUARANTINE_MS;
  return Object.entries(kind.setAside(observed).fields).flatMap(([field, volume]) => {
    const setAsideAt = since[volume];
    const {takenAt} = context.input.inventory;
    if (setAsideAt === undefined || takenAt - setAsideAt < keptMs) return [];
    if (wanted.has(volume) || Object.hasOwn(desired?.body ?? {}, field)) return [];
    return [removal(context, subject, {observed, field, volume, setAsideAt})];
  });
}

function removal(
  {find, input}: Context,
  {kind, desired}: Subject,
  lapse: {
    readonly observed: Observed;
    readonly field: string;
    readonly volume: string;
    readonly setAsideAt: number;
  },
): Change {
  const {observed, field, volume, setAsideAt} = lapse;
  const rule = declaredRule(find, kind, field);
  const [from, to] = [true, null];
  const {risk, because} = rule.risk({field, slots: [], from, to, observed, desired});
  const days = Math.floor((input.inventory.takenAt - setAsideAt) / DAY_MS);
  const why = `${volume} was set aside ${days} days ago; ${because}`;
  return {field, from, to, risk, because: why, cause: 'pending', shown: shownOf(rule, from, to)};
}

/** Volumes that Git names again, by their slot or by themselves. */
function wantedBack({desired, record}: Subject): ReadonlySet<string> {
  const body = desired?.body ?? {};
  const slots = Object.entries(record?.detached ?? {}).flatMap(([field, text]) => {
    return body[field] === true ? [text.split(',')[0] ?? ''] : [];
  });
  const named = Object.values(body).filter((value) => typeof value === 'string');
  return new Set([...slots, ...named]);
}
