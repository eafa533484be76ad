// Why this exists: the file's text becomes plain data that remembers where each value stood, so
// that every later message can point at its line.
import {isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments} from 'yaml';
import {diagnose} from '../core/diagnostic.ts';
import {frameOf} from '../core/frame.ts';
import type {Json} from '../core/json.ts';
import type {Diagnostic, Position, SourceRange} from '../core/model.ts';
import {CONFIG_CODES} from './codes.ts';

/** A stretch of the text, by offsets. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The text as data. Spans are by JSON pointer: `value` of a value, `key` of the key before it. */
export interface ReadYaml {
  readonly value: Json;
  readonly spans: ReadonlyMap<string, {readonly key: Span; readonly value: Span}>;
  readonly diagnostics: readonly Diagnostic[];
  readonly places: Places;
}

/** Turns offsets into ranges and frames. */
export interface Places {
  range(span: Span): SourceRange;
  frame(span: Span): string;
}

/** A configuration of hundreds of clusters has some 100 KiB. */
const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 20;

/** Reads the file's text; `file` is its name in messages. Never throws. */
export function readYaml(text: string, file: string): ReadYaml {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    lines.addNewLine(at + 1);
  }
  const places = placesIn(text, file, lines.lineStarts);
  const reader: Reader = {places, spans: new Map(), diagnostics: []};
  const nothing = {value: {}, spans: reader.spans, diagnostics: reader.diagnostics, places};
  if (text.length > MAX_BYTES) {
    const detail = `It has ${text.length} characters; the limit is ${MAX_BYTES}.`;
    tell(
      reader,
      'config-too-large',
      {start: 0, end: 1},
      detail,
      'Check that it is the right file.',
    );
    return nothing;
  }
  const documents = parseAllDocuments(text, {version: '1.2', merge: false, logLevel: 'silent'});
  if (!Array.isArray(documents) || documents.length === 0) return nothing;
  for (const {errors} of documents) {
    for (const {message, pos} of errors.slice(0, 10)) {
      const sentence = message.split('\n')[0]?.replace(/ at line .*$/, '') ?? message;
      tell(
        reader,
        'config-yaml',
        {start: pos[0], end: pos[1]},
        `${sentence}.`,
        'Correct the line.',
      );
    }
  }
  const [first, second] = documents;
  if (second?.range) {
    const span = {start: second.range[0], end: second.range[0] + 1};
    tell(reader, 'config-yaml-feature', span, 'There is a second document.', 'Delete the `---`.');
  }
  if (reader.diagnostics.length > 0 || first === undefined) return nothing;
  const value = readNode(reader, first.contents, '', {start: 0, end: 1}, 0);
  return {...nothing, value: value ?? {}};
}

interface Reader {
  readonly places: Places;
  readonly spans: Map<string, {readonly key: Span; readonly value: Span}>;
  readonly diagnostics: Diagnostic[];
}

function tell(
  reader: Reader,
  code: keyof typeof CONFIG_CODES,
  span: Span,
  detail: string,
  remedy: string,
): void {
  const range = reader.places.range(span);
  const frame = reader.places.frame(span);
  reader.diagnostics.push(diagnose(CONFIG_CODES, code, {detail, remedy, range, frame}));
}

function readNode(reader: Reader, node: unknown, pointer: string, key: Span, depth: number): Json {
  const value = spanOf(node) ?? key;
  reader.spans.set(pointer, {key, value});
  if (isAlias(node) || depth > MAX_DEPTH) {
    const what = isAlias(node) ? 'Aliases are not read.' : 'It nests too deeply.';
    tell(reader, 'config-yaml-feature', value, what, 'Write the values out.');
    return null;
  }
  if (isScalar(node)) {
    const {value: scalar} = node;
    return typeof scalar === 'string' || typeof scalar === 'number' || typeof scalar === 'boolean'
      ? scalar
      : null;
  }
  if (isSeq(node)) {
    return node.items.map((item, index) => {
      return readNode(reader, item, `${pointer}/${index}`, spanOf(item) ?? value, depth + 1);
    });
  }
  return isMap(node) ? readMap(reader, node.items, pointer, depth) : null;
}

function readMap(
  reader: Reader,
  items: readonly {readonly key: unknown; readonly value: unknown}[],
  pointer: string,
  depth: number,
): Json {
  const entries: [string, Json][] = [];
  for (const {key, value} of items) {
    const span = spanOf(key) ?? {start: 0, end: 1};
    const name = isScalar(key) ? String(key.value) : '';
    if (name === '' || name === '<<' || name === '__proto__') {
      tell(reader, 'config-yaml-feature', span, 'Such a key is not read.', 'Write a plain name.');
    } else {
      const inner = `${pointer}/${escapePointer(name)}`;
      entries.push([name, readNode(reader, value, inner, span, depth + 1)]);
    }
  }
  return Object.fromEntries(entries);
}

/** One part of a JSON pointer. */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function spanOf(node: unknown): Span | null {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return null;
  return node.range ? {start: node.range[0], end: Math.max(node.range[1], node.range[0])} : null;
}

function placesIn(text: string, file: string, lines: readonly number[]): Places {
  const place = (offset: number): Position => {
    const line = Math.max(1, lines.findLastIndex((start) => start <= offset) + 1);
    return {line, column: offset - (lines[line - 1] ?? 0) + 1, offset};
  };
  const range = ({start, end}: Span): SourceRange => ({
    file,
    start: place(start),
    end: place(Math.max(start, end)),
  });
  return {
    range,
    frame: (span) => {
      const {start, end} = range(span);
      return frameOf({text, lines, start, end});
    },
  };
}
