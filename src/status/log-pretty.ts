// Why this exists: a person at a terminal reads time, level, message and fields in that order, on
// one line, and nothing in it can move the cursor.
import {styleText} from 'node:util';
import {isObject} from '../core/json.ts';
import {visible} from '../core/visible.ts';

type Colour = 'gray' | 'cyan' | 'yellow' | 'red';

const LEVELS: {readonly [level: string]: Colour} = {
  debug: 'gray',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
};

/** `12:03:04 warn  action ended early  key=guest/150 because="…"` of one JSON line. */
export function prettyLine(line: string, colour: boolean): string {
  const parsed: unknown = JSON.parse(line);
  if (!isObject(parsed)) return line;
  const {time, level, message, ...fields} = parsed;
  const style = (as: Colour, text: string): string =>
    colour ? styleText(as, text, {validateStream: false}) : text;
  const clock = new Date(String(time)).toTimeString().slice(0, 8);
  const word = String(level);
  const pairs = Object.entries(fields).map(([key, value]) => `${visible(key)}=${shown(value)}`);
  const parts = [
    style('gray', clock),
    style(LEVELS[word] ?? 'gray', word.padEnd(5)),
    visible(String(message)),
    ...(pairs.length === 0 ? [] : [style('gray', pairs.join(' '))]),
  ];
  return `${parts.join(' ')}\n`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const plain = typeof value === 'string' && /^[^\s"=]+$/.test(text);
  return visible(plain || typeof value !== 'string' ? text : JSON.stringify(text));
}
