// Why this exists: signatures made with `ssh-keygen -Y sign` (and by git with gpg.format=ssh) are
// verified in this process, by the format's description (openssh PROTOCOL.sshsig), so that nothing
// of a repository is handed to a program and a verdict costs about a millisecond.
import {createHash, createPublicKey, type KeyObject, verify} from 'node:crypto';
import {err, ok, type Result} from '../core/result.ts';

/** A signature that is right for its message and key; whose key it is has not been asked yet. */
export interface SshSignature {
  /** Public key as on the wire: what the base64 of a key file holds. */
  readonly key: Uint8Array;
}

/** Checks an armoured signature over a message; the error is a sentence for people. */
export function checkSshSignature(
  armoured: string,
  message: Uint8Array,
  namespace: string,
): Result<SshSignature, string> {
  const blob = dearmour(armoured);
  if (blob === null) return err('it is not an SSH signature');
  const parsed = parse(blob);
  if (parsed === null) return err('the signature is damaged');
  if (parsed.namespace !== namespace) {
    return err(
      `the signature was made for \`${printable(parsed.namespace)}\`, not \`${namespace}\``,
    );
  }
  const hash = HASHES.get(parsed.hash);
  if (hash === undefined) return err('the signature uses a hash that is not allowed');
  const digest = createHash(hash).update(message).digest();
  const signed = Buffer.concat([
    MAGIC,
    wire(Buffer.from(parsed.namespace)),
    wire(parsed.reserved),
    wire(Buffer.from(parsed.hash)),
    wire(digest),
  ]);
  const verdict = verifyWith(parsed.key, parsed.algorithm, parsed.signature, signed);
  if (!verdict.ok) return verdict;
  return verdict.value ? ok({key: parsed.key}) : err('the signature does not fit the commit');
}

const MAGIC = Buffer.from('SSHSIG');
const HASHES = new Map([
  ['sha256', 'sha256'],
  ['sha512', 'sha512'],
]);
const MAX_ARMOUR = 32 * 1024;

function dearmour(text: string): Uint8Array | null {
  if (text.length > MAX_ARMOUR) return null;
  const lines = text.trim().split(/\r?\n/);
  if (lines.shift() !== '-----BEGIN SSH SIGNATURE-----') return null;
  if (lines.pop() !== '-----END SSH SIGNATURE-----') return null;
  const base64 = lines.join('');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : null;
}

interface Parsed {
  readonly key: Uint8Array;
  readonly namespace: string;
  readonly reserved: Uint8Array;
  readonly hash: string;
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

function parse(blob: Uint8Array): Parsed | null {
  const reader = new WireReader(blob);
  if (!MAGIC.equals(reader.take(6) ?? new Uint8Array()) || reader.number() !== 1) return null;
  const [key, namespace, reserved, hash, signature] = [1, 2, 3, 4, 5].map(() => reader.string());
  if (!key || !namespace || !reserved || !hash || !signature || !reader.atEnd()) return null;
  const inner = new WireReader(signature);
  const algorithm = inner.string();
  const bytes = inner.string();
  if (!algorithm || !bytes || !inner.atEnd()) return null;
  return {
    key,
    namespace: latin(namespace),
    reserved,
    hash: latin(hash),
    algorithm: latin(algorithm),
    signature: bytes,
  };
}

/** Curve name on the wire → its JWK name, hash and length of a coordinate. */
const CURVES = new Map([
  ['nistp256', {crv: 'P-256', hash: 'sha256', bytes: 32}],
  ['nistp384', {crv: 'P-384', hash: 'sha384', bytes: 48}],
  ['nistp521', {crv: 'P-521', hash: 'sha512', bytes: 66}],
]);

/** SHA-1 (`ssh-rsa` as an algorithm) is not allowed. */
const RSA_HASHES = new Map([
  ['rsa-sha2-256', 'sha256'],
  ['rsa-sha2-512', 'sha512'],
]);
const MIN_RSA_BITS = 2048;

function verifyWith(
  key: Uint8Array,
  algorithm: string,
  signature: Uint8Array,
  data: Uint8Array,
): Result<boolean, string> {
  const reader = new WireReader(key);
  const type = latin(reader.string() ?? new Uint8Array());
  if (type === 'ssh-ed25519') {
    const point = reader.string();
    if (algorithm !== type || point?.length !== 32 || !reader.atEnd()) return damaged();
    const jwk = {kty: 'OKP', crv: 'Ed25519', x: base64url(point)};
    return run(jwk, (object) => signature.length === 64 && verify(null, data, object, signature));
  }
  if (type === 'ssh-rsa') return verifyRsa(reader, algorithm, signature, data);
  if (type.startsWith('ecdsa-sha2-')) return verifyEcdsa(reader, type, algorithm, signature, data);
  return err(`keys of type \`${printable(type)}\` are not understood; use ed25519, RSA or ECDSA`);
}

function verifyRsa(
  reader: WireReader,
  algorithm: string,
  signature: Uint8Array,
  data: Uint8Array,
): Result<boolean, string> {
  const exponent = reader.string();
  const modulus = reader.string();
  const hash = RSA_HASHES.get(algorithm);
  if (hash === undefined) return err('the signature uses SHA-1 or an unknown algorithm');
  if (!exponent || !modulus || !reader.atEnd()) return damaged();
  const n = unsigned(modulus);
  if (n.length * 8 < MIN_RSA_BITS) return err(`the RSA key is shorter than ${MIN_RSA_BITS} bits`);
  const jwk = {kty: 'RSA', n: base64url(n), e: base64url(unsigned(exponent))};
  return run(jwk, (object) => verify(hash, data, object, leftPad(signature, n.length)));
}

function verifyEcdsa(
  reader: WireReader,
  type: string,
  algorithm: string,
  signature: Uint8Array,
  data: Uint8Array,
): Result<boolean, string> {
  const name = latin(reader.string() ?? new Uint8Array());
  const point = reader.string();
  const curve = CURVES.get(name);
  if (!curve || !point || !reader.atEnd()) return damaged();
  const fits = point.length === 1 + 2 * curve.bytes && point[0] === 4;
  if (type !== `ecdsa-sha2-${name}` || algorithm !== type || !fits) return damaged();
  const pair = new WireReader(signature);
  const r = pair.string();
  const s = pair.string();
  if (!r || !s || !pair.atEnd()) return damaged();
  const [ur, us] = [unsigned(r), unsigned(s)];
  if (ur.length > curve.bytes || us.length > curve.bytes) return damaged();
  const joined = Buffer.concat([leftPad(ur, curve.bytes), leftPad(us, curve.bytes)]);
  const x = base64url(point.subarray(1, 1 + curve.bytes));
  const y = base64url(point.subarray(1 + curve.bytes));
  return run({kty: 'EC', crv: curve.crv, x, y}, (key) =>
    verify(curve.hash, data, {key, dsaEncoding: 'ieee-p1363'}, joined),
  );
}

function run(
  jwk: {readonly [name: string]: string},
  check: (key: KeyObject) => boolean,
): Result<boolean, string> {
  try {
    return ok(check(createPublicKey({key: {...jwk}, format: 'jwk'})));
  } catch {
    return damaged();
  }
}

function damaged(): Result<never, string> {
  return err('the key or signature is damaged');
}

/** Strings and numbers as SSH writes them: a length of four bytes, then the bytes. */
class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array | null {
    const end = this.#at + length;
    if (end > this.#bytes.length) return null;
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  number(): number | null {
    const part = this.take(4);
    return part === null ? null : Buffer.from(part).readUInt32BE();
  }

  string(): Uint8Array | null {
    const length = this.number();
    return length === null ? null : this.take(length);
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}

function wire(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A positive number without the zero bytes in front that its sign may need. */
function unsigned(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array() : bytes.subarray(first);
}

function leftPad(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length >= length) return bytes;
  return Buffer.concat([Buffer.alloc(length - bytes.length), bytes]);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** What a signature says of itself, cut down to what can be shown. */
function printable(text: string): string {
  return text.replace(/[^\w@.-]/g, '?').slice(0, 40);
}
