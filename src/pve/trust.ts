// Why this exists: Proxmox nodes have self-signed certificates, so trust is the SHA-256 of the leaf
// or an authority given by the configuration. With `rejectUnauthorized: false` Node never calls
// checkServerIdentity, so the pin is compared here, before undici gets the socket and could write.
import {createHash} from 'node:crypto';
import {createSecureContext, TLSSocket} from 'node:tls';
import {buildConnector} from 'undici';
import {assert} from '../core/assert.ts';

/** Whom an endpoint is believed to be: its certificate, or whoever that authority signed. */
export type Trust =
  /** SHA-256 of the leaf's DER, hexadecimal, with or without colons; several for renewals. */
  | {readonly kind: 'pins'; readonly sha256: readonly string[]}
  /** PEM text of one or more certificates. */
  | {readonly kind: 'ca'; readonly pem: string};

/** The certificate is none of the pins; `seen` is what it was, as Proxmox prints it. */
class PinError extends Error {
  override readonly name = 'PinError';
  readonly code = 'ERR_TLS_PIN';
  readonly seen: string | null;
  constructor(origin: string, seen: string | null) {
    const what = seen === null ? 'showed no certificate' : `shows the certificate ${seen}`;
    super(`${origin} ${what}, which is not pinned`);
    this.seen = seen;
  }
}

/** A connector that gives out no socket but one that is trusted. HTTP/1.1 only. */
export function trustingConnector(
  origin: string,
  trust: Trust,
  timeout: number,
): buildConnector.connector {
  switch (trust.kind) {
    case 'ca':
      assert(trust.pem.includes('-----BEGIN CERTIFICATE-----'), 'the authority is a PEM text');
      return buildConnector({
        secureContext: createSecureContext({ca: trust.pem}),
        rejectUnauthorized: true,
        allowH2: false,
        timeout,
      });
    case 'pins':
      return pinningConnector(origin, trust.sha256, timeout);
  }
}

function pinningConnector(
  origin: string,
  pins: readonly string[],
  timeout: number,
): buildConnector.connector {
  assert(pins.length > 0, 'an endpoint needs at least one pin');
  const wanted = new Set(pins.map(spell));
  // A resumed session shows no certificate, so none is kept.
  const connect = buildConnector({
    // Made once: a pass over a large fleet connects some hundred times.
    secureContext: createSecureContext(),
    rejectUnauthorized: false,
    maxCachedSessions: 0,
    allowH2: false,
    timeout,
  });
  return (options, callback) => {
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error !== null) return callback(error, null);
      const seen = socket instanceof TLSSocket ? fingerprint(socket) : null;
      if (seen !== null && wanted.has(seen)) return callback(null, socket);
      socket.destroy();
      return callback(new PinError(origin, seen), null);
    });
  };
}

/** A pin as Proxmox prints it: upper-case pairs joined by colons. */
function spell(pin: string): string {
  const digits = pin.replaceAll(':', '').toUpperCase();
  assert(/^[0-9A-F]{64}$/.test(digits), `not a SHA-256 fingerprint: ${pin}`);
  return (digits.match(/../g) ?? []).join(':');
}

function fingerprint(socket: TLSSocket): string | null {
  const {raw} = socket.getPeerCertificate();
  // Safe: Node types it as always there; a resumed session gives an empty object.
  if ((raw as Buffer | undefined) === undefined || raw.length === 0) return null;
  return spell(createHash('sha256').update(raw).digest('hex'));
}

const TLS_CODES =
  /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|HOSTNAME_|INVALID_CA|EPROTO)/;

/** Whether a connection failed because the other side is not believed or does not speak TLS. */
export function isTlsError(error: Error): boolean {
  return 'code' in error && TLS_CODES.test(String(error.code));
}
