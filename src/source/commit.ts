// Why this exists: a commit is read from its raw bytes, because a signature is over exactly those,
// and ready-made parsers give back something slightly else for SSH signatures.

/** What a commit says. */
export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  /** `Name <address>` as written; anybody can write any name, so it proves nothing. */
  readonly author: string;
  /** Committer's time, ms since the epoch. */
  readonly committedAt: number;
  readonly subject: string;
  /** Armoured signature of the `gpgsig` header, null for none. */
  readonly signature: string | null;
  /** The bytes that are signed: the commit without its signature headers. */
  readonly payload: Uint8Array;
}

/** Parses the raw bytes of a commit; null when they are not one. */
export function parseCommit(bytes: Uint8Array): Commit | null {
  const split = splitHeaders(bytes);
  if (split === null) return null;
  const {headers, message} = split;
  const tree = only(headers, 'tree');
  const author = only(headers, 'author');
  const committer = only(headers, 'committer');
  const at = /> (\d{1,15}) [+-]\d{4}$/.exec(committer ?? '')?.[1];
  if (tree === null || author === null || at === undefined || !OBJECT_ID.test(tree)) return null;
  const parents = headers.filter(({name}) => name === 'parent').map(({value}) => value);
  if (parents.some((parent) => !OBJECT_ID.test(parent))) return null;
  const signed = headers.filter(({name}) => name.startsWith('gpgsig'));
  if (signed.filter(({name}) => name === 'gpgsig').length > 1) return null;
  return {
    tree,
    parents,
    author: author.replace(/ \d+ [+-]\d{4}$/, ''),
    committedAt: Number(at) * 1000,
    subject: (message.trimStart().split('\n')[0] ?? '').slice(0, 500),
    signature: only(headers, 'gpgsig'),
    payload: without(bytes, signed),
  };
}

/** 40 hex digits: the only form of object name that is understood. */
export const OBJECT_ID = /^[0-9a-f]{40}$/;

interface Header {
  readonly name: string;
  /** Continuation lines joined by line feeds, without their leading space. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const LINE_FEED = 10;
const SPACE = 32;

function splitHeaders(
  bytes: Uint8Array,
): {readonly headers: readonly Header[]; readonly message: string} | null {
  const decoder = new TextDecoder();
  const headers: Header[] = [];
  let at = 0;
  while (bytes[at] !== LINE_FEED) {
    const start = at;
    do {
      const end = bytes.indexOf(LINE_FEED, at);
      if (end < 0) return null;
      at = end + 1;
    } while (bytes[at] === SPACE);
    const text = decoder.decode(bytes.subarray(start, at - 1));
    const space = text.indexOf(' ');
    if (space <= 0) return null;
    const value = text.slice(space + 1).replaceAll('\n ', '\n');
    headers.push({name: text.slice(0, space), value, start, end: at});
  }
  return {headers, message: decoder.decode(bytes.subarray(at + 1))};
}

function only(headers: readonly Header[], name: string): string | null {
  const found = headers.filter((header) => header.name === name);
  return found.length === 1 ? (found[0]?.value ?? null) : null;
}

function without(bytes: Uint8Array, headers: readonly Header[]): Uint8Array {
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const {start, end} of headers) {
    kept.push(bytes.subarray(at, start));
    at = end;
  }
  kept.push(bytes.subarray(at));
  return Buffer.concat(kept);
}
