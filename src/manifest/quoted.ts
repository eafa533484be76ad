// Why this exists: messages quote what strangers wrote: visibly, in quotes, and not too long.
import {visible} from '../core/visible.ts';

/** Longest text that a message quotes; the frame shows the rest. */
const LONGEST = 60;

/** A value as a message quotes it; of lists and maps only what they are. */
export function quoted(value: unknown): string {
  if (typeof value === 'string') return `"${shortened(visible(value))}"`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  return String(value);
}

/** As `quoted`, without the quotes, for names that stand by themselves. */
export function bare(text: string): string {
  return shortened(visible(text));
}

function shortened(text: string): string {
  const letters = Array.from(text);
  return letters.length <= LONGEST ? text : `${letters.slice(0, LONGEST).join('')}…`;
}
