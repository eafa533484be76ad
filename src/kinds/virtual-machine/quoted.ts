// Why this exists: messages quote what a stranger wrote: visible, and not longer than a line bears.
import {visible} from '../../core/visible.ts';

const LONGEST = 60;

/** A value as a message quotes it. */
export function quoted(value: unknown): string {
  const text = visible(JSON.stringify(value) ?? 'nothing');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
