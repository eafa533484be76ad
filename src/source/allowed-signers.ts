// Why this exists: whose key it is comes from a file of the operator in the format that ssh-keygen
// and git read (ssh-keygen(1), ALLOWED SIGNERS), with the same answers as theirs.

/** One line: who may sign, with which key, for what, and when. */
export interface AllowedSigner {
  /** Patterns with `*`, `?` and a `!` in front for "not". */
  readonly principals: readonly string[];
  /** Public key as on the wire. */
  readonly key: Uint8Array;
  /** Null: every namespace. */
  readonly namespaces: readonly string[] | null;
  /** ms since the epoch, null for no bound. */
  readonly validAfter: number | null;
  readonly validBefore: number | null;
}

/**
 * Reads the file. A line that is not understood allows nobody; `bad` holds the numbers of such
 * lines. Certificate authorities are not understood.
 */
export function parseAllowedSigners(text: string): {
  readonly signers: readonly AllowedSigner[];
  readonly bad: readonly number[];
} {
  const signers: AllowedSigner[] = [];
  const bad: number[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const signer = parseLine(trimmed);
    if (signer === null) bad.push(index + 1);
    else signers.push(signer);
  }
  return {signers, bad};
}

/**
 * The principal that git would name for this key at that time (ms since the epoch), or null. As git
 * does: the first line with the key that is valid then names the candidates, and a line with the
 * key must allow one of them in this namespace.
 */
export function principalOf(
  signers: readonly AllowedSigner[],
  key: Uint8Array,
  at: {readonly namespace: string; readonly time: number},
): string | null {
  const mine = signers.filter((signer) => isSame(signer.key, key) && isValid(signer, at.time));
  const candidates = mine[0]?.principals ?? [];
  const allows = (signer: AllowedSigner, name: string): boolean =>
    matchesList(signer.principals, name) &&
    (signer.namespaces === null || matchesList(signer.namespaces, at.namespace));
  return candidates.find((name) => mine.some((signer) => allows(signer, name))) ?? null;
}

const KEY_TYPES = /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))$/;

function parseLine(line: string): AllowedSigner | null {
  const fields = splitFields(line);
  const [first, second, third, fourth] = fields ?? [];
  if (first === undefined || second === undefined || third === undefined) return null;
  const hasOptions = !KEY_TYPES.test(second);
  const [options, type, base64] = hasOptions ? [second, third, fourth] : ['', second, third];
  if (base64 === undefined || !KEY_TYPES.test(type)) return null;
  const key = decodeKey(type, base64);
  const read = parseOptions(options);
  const principals = first
    .replace(/^"(.*)"$/, '$1')
    .split(',')
    .filter(Boolean);
  if (key === null || read === null || principals.length === 0) return null;
  return {principals, key, ...read};
}

/** Fields are parted by blanks outside of double quotes. */
function splitFields(line: string): readonly string[] | null {
  if ((line.match(/"/g) ?? []).length % 2 !== 0) return null;
  return line.match(/(?:[^\s"]|"[^"]*")+/g);
}

function decodeKey(type: string, base64: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const key = Buffer.from(base64, 'base64');
  const length = key.length < 4 ? 0 : key.readUInt32BE();
  return key.subarray(4, 4 + length).toString('latin1') === type ? key : null;
}

function parseOptions(
  text: string,
): Pick<AllowedSigner, 'namespaces' | 'validAfter' | 'validBefore'> | null {
  let namespaces: readonly string[] | null = null;
  let validAfter: number | null = null;
  let validBefore: number | null = null;
  for (const option of text.match(/(?:[^,"]|"[^"]*")+/g) ?? []) {
    const match = /^([a-z-]+)="([^"]*)"$/i.exec(option);
    const [, name = '', value = ''] = match ?? [];
    const time = parseTime(value);
    switch (name.toLowerCase()) {
      case 'namespaces':
        namespaces = value.split(',');
        break;
      case 'valid-after':
        if (time === null) return null;
        validAfter = time;
        break;
      case 'valid-before':
        if (time === null) return null;
        validBefore = time;
        break;
      default:
        return null;
    }
  }
  return {namespaces, validAfter, validBefore};
}

/** `YYYYMMDD[HHMM[SS]][Z]`: the system's time zone, or UTC with the Z. */
function parseTime(text: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const inRange = month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!inRange || hour > 23 || minute > 59 || second > 59) return null;
  return match[7] === 'Z'
    ? Date.UTC(year, month - 1, day, hour, minute, second)
    : new Date(year, month - 1, day, hour, minute, second).getTime();
}

function isValid({validAfter, validBefore}: AllowedSigner, time: number): boolean {
  return (
    (validAfter === null || time >= validAfter) && (validBefore === null || time <= validBefore)
  );
}

/** True when a pattern matches and none with a `!` does. */
function matchesList(patterns: readonly string[], text: string): boolean {
  const denied = patterns.some((item) => item.startsWith('!') && matches(item.slice(1), text));
  return !denied && patterns.some((item) => !item.startsWith('!') && matches(item, text));
}

function matches(pattern: string, text: string): boolean {
  const source = pattern.replace(/[\\^$.|+()[\]{}]/g, '\\$&').replaceAll('?', '.');
  return new RegExp(`^${source.replace(/\*+/g, '.*')}$`, 's').test(text);
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
