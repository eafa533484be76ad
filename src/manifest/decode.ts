// Why this exists: bytes of a repository become text only if they are plain UTF-8; every other
// encoding is named, because "cannot be read" helps nobody.
import {MAX_FILE_BYTES} from './limits.ts';
import type {Problem} from './problem.ts';

/** The text of a file without its byte order mark, or why there is none. */
export interface DecodedText {
  /** What could be read; with a problem it is only for the frame. */
  readonly text: string;
  /** Why no document of the file can be read. */
  readonly problem: Problem | null;
  /** Where the first byte stood that is not UTF-8; the documents without such bytes are good. */
  readonly broken: BrokenBytes | null;
}

/** The first byte that does not fit, and the offset in the text where U+FFFD stands for it. */
export interface BrokenBytes {
  readonly offset: number;
  readonly byte: number;
}

const LFS = 'version https://git-lfs.github.com/spec/';

/** Decodes one file. */
export function decode(bytes: Uint8Array): DecodedText {
  if (bytes.length > MAX_FILE_BYTES) return tooLarge(bytes);
  const wide = wideEncoding(bytes);
  if (wide !== null) return wide;
  const body = bytes.subarray(startsWith(bytes, [0xef, 0xbb, 0xbf]) ? 3 : 0);
  const text = new TextDecoder('utf-8', {ignoreBOM: true}).decode(body);
  if (text.startsWith(LFS)) {
    const detail = 'Git stored the content elsewhere; pvegit reads only what is in the repository.';
    const remedy = 'Take manifests out of LFS: remove the pattern from .gitattributes, add again.';
    return unreadable(text, 'file-lfs-pointer', detail, remedy);
  }
  // The decoder puts U+FFFD for what it cannot read; the character itself may stand in a text.
  const valid = text.includes('\ufffd') ? validBytes(body) : body.length;
  if (valid === body.length) return {text, problem: null, broken: null};
  if (body.includes(0)) {
    const detail = 'It holds NUL bytes and bytes that are not UTF-8.';
    return unreadable('', 'text-binary', detail, MOVE_AWAY);
  }
  const before = new TextDecoder('utf-8', {ignoreBOM: true}).decode(body.subarray(0, valid));
  return {text, problem: null, broken: {offset: before.length, byte: body[valid] ?? 0}};
}

const MOVE_AWAY = 'Keep only manifests under the source’s path, or give the file another ending.';
/** What to do with a file in another encoding. */
export const CONVERT = 'Save the file as UTF-8 without a byte order mark.';

function unreadable(
  text: string,
  code: Problem['code'],
  detail: string,
  remedy: string,
): DecodedText {
  return {text, problem: {code, detail, remedy, start: 0, end: 1}, broken: null};
}

function tooLarge(bytes: Uint8Array): DecodedText {
  const text = new TextDecoder().decode(bytes.subarray(0, 256)).split('\n')[0] ?? '';
  const detail = `It has ${bytes.length} bytes; the limit is ${MAX_FILE_BYTES}.`;
  const remedy = 'Split it into one file per guest, or keep it out of the source’s path.';
  return unreadable(text, 'file-too-large', detail, remedy);
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

function wideEncoding(bytes: Uint8Array): DecodedText | null {
  const found = wideName(bytes);
  if (found === null) return null;
  const {code, label} = found;
  const text = label === null ? '' : new TextDecoder(label).decode(bytes.subarray(0, 4096));
  const detail = 'YAML would allow it; Git, diffs and reviews show such a file as binary.';
  return unreadable(text, code, detail, CONVERT);
}

interface WideName {
  readonly code: 'text-utf16' | 'text-utf32';
  readonly label: string | null;
}

function wideName(bytes: Uint8Array): WideName | null {
  if (startsWith(bytes, [0xff, 0xfe, 0, 0]) || startsWith(bytes, [0, 0, 0xfe, 0xff])) {
    return {code: 'text-utf32', label: null};
  }
  if (startsWith(bytes, [0xff, 0xfe])) return {code: 'text-utf16', label: 'utf-16le'};
  if (startsWith(bytes, [0xfe, 0xff])) return {code: 'text-utf16', label: 'utf-16be'};
  const [a, b, c, d] = bytes;
  if (bytes.length >= 4 && a !== 0 && b === 0 && c !== 0 && d === 0) {
    return {code: 'text-utf16', label: 'utf-16le'};
  }
  if (bytes.length >= 4 && a === 0 && b !== 0 && c === 0 && d !== 0) {
    return {code: 'text-utf16', label: 'utf-16be'};
  }
  return null;
}

/** Number of bytes at the beginning that are UTF-8. */
function validBytes(bytes: Uint8Array): number {
  let index = 0;
  while (index < bytes.length) {
    const width = characterWidth(bytes, index);
    if (width === 0) return index;
    index += width;
  }
  return index;
}

/** Bytes of the well-formed character at an index (Unicode, table 3-7); 0 if there is none. */
function characterWidth(bytes: Uint8Array, index: number): number {
  const first = bytes[index] ?? 0;
  if (first < 0x80) return 1;
  const width = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (let offset = 1; offset < width; offset += 1) {
    const next = bytes[index + offset] ?? 0;
    if (next < 0x80 || next > 0xbf) return 0;
  }
  const second = bytes[index + 1] ?? 0;
  const overlong = (first === 0xe0 && second < 0xa0) || (first === 0xf0 && second < 0x90);
  const outside = (first === 0xed && second > 0x9f) || (first === 0xf4 && second > 0x8f);
  return overlong || outside ? 0 : width;
}
