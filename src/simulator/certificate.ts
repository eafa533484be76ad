// Why this exists: `listen` needs a self-signed certificate made at run time, and node:crypto makes
// keys and signatures but no certificates: the few DER structures of one are written here.
import {createHash, generateKeyPairSync, sign} from 'node:crypto';

/** A key and a self-signed certificate, both PEM, and the fingerprint as Proxmox prints it. */
export interface ServerCertificate {
  readonly keyPem: string;
  readonly certificatePem: string;
  /** SHA-256 of the DER as 32 upper-case pairs joined by `:`. */
  readonly fingerprint: string;
}

/** A certificate for `localhost` and 127.0.0.1, valid from a day before `nowMs` for ten years. */
export function makeCertificate(nowMs: number): ServerCertificate {
  const {privateKey, publicKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const subjectKey = publicKey.export({type: 'spki', format: 'der'});
  const body = certificateBody(subjectKey, nowMs);
  const signature = sign('sha256', body, privateKey);
  const der = sequence(body, ecdsaSha256, bitString(signature));
  const pairs = createHash('sha256').update(der).digest('hex').toUpperCase().match(/../g);
  return {
    keyPem: privateKey.export({type: 'pkcs8', format: 'pem'}).toString(),
    certificatePem: pem(der),
    fingerprint: (pairs ?? []).join(':'),
  };
}

const tags = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** Object identifiers, already encoded. */
const oids = {
  commonName: [0x55, 0x04, 0x03],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
} as const;

const ecdsaSha256 = sequence(oid(oids.ecdsaWithSha256));

function certificateBody(subjectKey: Buffer, nowMs: number): Buffer {
  const dayMs = 86_400_000;
  const name = sequence(
    wrap(0x31, sequence(oid(oids.commonName), wrap(tags.utf8, Buffer.from('pve-simulator')))),
  );
  const validity = sequence(time(nowMs - dayMs), time(nowMs + 3_650 * dayMs));
  const version = wrap(0xa0, wrap(tags.integer, Buffer.from([2])));
  const serial = wrap(tags.integer, Buffer.from([1]));
  const extensions = wrap(0xa3, sequence(alternativeNames(), authority()));
  return sequence(version, serial, ecdsaSha256, name, validity, name, subjectKey, extensions);
}

function alternativeNames(): Buffer {
  const dns = wrap(0x82, Buffer.from('localhost'));
  const address = wrap(0x87, Buffer.from([127, 0, 0, 1]));
  return sequence(oid(oids.subjectAltName), wrap(tags.octets, sequence(dns, address)));
}

/** Its own authority, so that the certificate may be given as a CA file. */
function authority(): Buffer {
  const isAuthority = sequence(wrap(0x01, Buffer.from([0xff])));
  return sequence(oid(oids.basicConstraints), wrap(tags.octets, isAuthority));
}

/** UTCTime has two digits for the year and serves until 2049; then the whole year is written. */
function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  if (digits < '2050') return wrap(tags.utcTime, Buffer.from(`${digits.slice(2)}Z`));
  return wrap(tags.generalizedTime, Buffer.from(`${digits}Z`));
}

function oid(bytes: readonly number[]): Buffer {
  return wrap(tags.oid, Buffer.from(bytes));
}

function bitString(content: Buffer): Buffer {
  return wrap(tags.bits, Buffer.concat([Buffer.from([0]), content]));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return wrap(0x30, Buffer.concat(parts));
}

function wrap(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) {
    return Buffer.from([length]);
  }
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.from(bytes);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
