// Why this exists: one place that knows how this program looks in a terminal: colours only where
// they are wanted, and never a control character that came from outside.
import {styleText} from 'node:util';
import {shownKey} from '../../core/shown.ts';
import {visible} from '../../core/visible.ts';

type Format = Parameters<typeof styleText>[0];

/** Marks up text for people; plain text where colours are not wanted. */
export interface Style {
  readonly colours: boolean;
  /** Where lines break; infinite where nobody looks at it on a terminal. */
  readonly columns: number;
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  accent(text: string): string;
}

/** Below this nothing can be laid out. */
const LEAST = 40;

/** Colours follow NO_COLOR, FORCE_COLOR and whether the stream is a terminal. */
export function createStyle(
  stream: {readonly isTTY?: boolean; readonly columns?: number},
  env: {readonly [name: string]: string | undefined},
  wanted = true,
): Style {
  const off = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const colours = wanted && !off && (forced || stream.isTTY === true) && env['TERM'] !== 'dumb';
  const paint = (format: Format) => (text: string) =>
    colours ? styleText(format, text, {validateStream: false}) : text;
  const {columns = 0} = stream;
  return {
    colours,
    columns: stream.isTTY === true && columns > 0 ? Math.max(columns, LEAST) : Infinity,
    bold: paint('bold'),
    dim: paint('dim'),
    good: paint('green'),
    warn: paint('yellow'),
    bad: paint('red'),
    accent: paint('cyan'),
  };
}

/** Text from outside (names, descriptions, task logs) made safe for a terminal. */
export function safe(text: string): string {
  return visible(text);
}

/** Pads to a width in characters; longer text stays as it is. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - Array.from(text).length));
}

/** A resource with its name: `150 neo4j-db`; the key alone where no name is known. */
export function shownResource(key: string, name: string | null | undefined): string {
  return name ? `${shownKey(key)} ${safe(name)}` : shownKey(key);
}

/** A duration for people: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function shownDuration(ms: number): string {
  // What is rounded first cannot become 60 of the smaller unit.
  const tenths = Math.round(ms / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time for people, in UTC to the second. */
export function shownTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
