// Why this exists: what one action changes, what is lost by it, and why it does not go ahead, as
// `plan` and `why` show it.
import type {Action, Change, Verdict} from '../../core/action.ts';
import {isObject, type Json} from '../../core/json.ts';
import {fill, type Piece, width} from './fill.ts';
import {pad, type Style, safe} from './style.ts';

const INDENT = 4;
/** Longer field names stand by themselves. */
const WIDEST_FIELD = 28;
/** Of a value this much is shown; `--json` has all of it. */
const LONGEST_VALUE = 240;

/** A line per change: field, from → to, and why it has its class where that is not benign. */
export function changeLines(changes: readonly Change[], style: Style): readonly string[] {
  const widest = Math.max(0, ...changes.map(({field}) => width(field)));
  const column = Math.min(widest, WIDEST_FIELD) + 2;
  const mixed = new Set(changes.map(({cause}) => cause)).size > 1;
  return changes.flatMap((change) => changeLine(change, {column, mixed}, style));
}

function changeLine(
  {field, shown, risk, because, cause}: Change,
  {column, mixed}: {readonly column: number; readonly mixed: boolean},
  style: Style,
): readonly string[] {
  const why = risk === 'benign' ? [] : [{text: `  ${safe(because)}`, paint: style.dim}];
  const other = !mixed || cause === 'pending' ? [] : [{text: `  (${cause})`, paint: style.accent}];
  return fill(
    [
      {text: `${' '.repeat(INDENT)}${pad(safe(field), column)}`},
      {text: `${brief(shown.from)} →`},
      {text: ` ${brief(shown.to)}`, paint: style.bold},
      ...other,
      ...why,
    ],
    {indent: INDENT + column, columns: style.columns},
  );
}

/** A value from outside, safe and not longer than a person reads. */
export function brief(text: string): string {
  const letters = Array.from(safe(text));
  if (letters.length <= LONGEST_VALUE) return letters.join('');
  return `${letters.slice(0, LONGEST_VALUE).join('')}… (${letters.length} characters)`;
}

/** What the guest goes through, which no single change says. */
export function interruptionLines(action: Action, style: Style): readonly string[] {
  const {verb, steps, facts} = action;
  if (verb !== 'update') return [];
  const indent = ' '.repeat(INDENT);
  const along = list(facts['along']).map(
    (what) => `${indent}${style.warn('also in force then:')} ${safe(String(what))}`,
  );
  const operations = new Set(
    steps.flatMap((step) => ('operation' in step ? [step.operation] : [])),
  );
  if (!operations.has('shutdown') && !operations.has('stop')) return along;
  const again = operations.has('start') ? ' and started again' : '';
  return [`${indent}${style.warn(`the guest is shut down${again}`)}`, ...along];
}

/** What is gone afterwards, and what is kept of it. */
export function lossLines(action: Action, style: Style): readonly string[] {
  const {facts, risk, verb} = action;
  if (risk !== 'destructive') return whyGoneLines(action, style);
  const lost = [
    ...list(facts['volumes']).map(volumeText),
    ...list(facts['snapshots']).map((name) => `snapshot ${String(name)}`),
    ...list(facts['also']).map(String),
  ];
  const runs = verb === 'delete' && facts['power'] === 'running';
  const indent = ' '.repeat(INDENT);
  return [
    ...whyGoneLines(action, style),
    ...(runs ? [`${indent}${style.bad('it runs now')}`] : []),
    ...lost.map((what) => `${indent}${style.bad('loses')} ${safe(what)}`),
    ...list(facts['keeps']).map(
      (what) => `${indent}${style.accent('keeps')} ${safe(String(what))}`,
    ),
  ];
}

/** Nobody asks for a deletion in so many words: it follows from what is no longer in Git. */
function whyGoneLines({verb, source, range}: Action, style: Style): readonly string[] {
  if (range !== null || (verb !== 'delete' && verb !== 'release')) return [];
  const stays = verb === 'release' ? '; the guest stays as it is' : '';
  const says = `no manifest of ${safe(source)} asks for it any more${stays}`;
  return [`${' '.repeat(INDENT)}${style.dim(says)}`];
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function volumeText(volume: Json): string {
  if (!isObject(volume)) return String(volume);
  const parts = Object.values(volume).filter((part) => part !== null);
  return parts.map(String).join(', ');
}

/** Each reason with the way on below it. */
export function reasonLines(reasons: Verdict['reasons'], style: Style): readonly string[] {
  return reasons.flatMap(({reason, detail, remedy}) => [
    ...fill(
      [{text: `${' '.repeat(INDENT)}${reason}:`, paint: style.accent}, {text: ` ${safe(detail)}`}],
      {indent: INDENT + 2, columns: style.columns},
    ),
    ...remedyLines(remedy, INDENT + 2, style),
  ]);
}

/** `→` and what to do. */
export function remedyLines(remedy: string, indent: number, style: Style): readonly string[] {
  if (remedy === '') return [];
  const arrow: Piece = {text: `${' '.repeat(indent)}→`, paint: style.accent};
  const words = {text: ` ${safe(remedy)}`};
  return fill([arrow, words], {indent: indent + 2, columns: style.columns});
}
