// Why this exists: somebody who sets up a cluster has to compare its certificate with what the node
// itself says; this is the look at it before it is trusted. No request is ever sent here.
import {createHash} from 'node:crypto';
import {connect} from 'node:tls';
import {err, ok, type Result} from '../core/result.ts';

/** The certificate that a server shows; nobody has vouched for it yet. */
export interface Leaf {
  /** SHA-256 of its DER, upper-case pairs with colons, as Proxmox prints it. */
  readonly sha256: string;
  readonly subject: string;
  /** As the certificate says it, such as `Nov 21 10:00:00 2027 GMT`. */
  readonly validTo: string;
}

const TIMEOUT_MS = 10_000;

/** Connects with TLS, looks at the leaf certificate, and closes without sending anything. */
export function lookAtLeaf(url: string): Promise<Result<Leaf, {readonly message: string}>> {
  const {hostname, port} = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    // Nothing is trusted by this: what is seen is shown to a person, who compares it.
    const socket = connect({
      host,
      port: Number(port || 443),
      rejectUnauthorized: false,
      ...(/^[\d.]+$|:/.test(host) ? {} : {servername: host}),
    });
    const end = (result: Result<Leaf, {readonly message: string}>): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(TIMEOUT_MS, () => {
      end(err({message: `${url} does not answer within ${TIMEOUT_MS / 1000} seconds`}));
    });
    socket.on('error', (error) => end(err({message: `${url}: ${error.message}`})));
    socket.on('secureConnect', () => {
      const {raw, subject, valid_to: validTo} = socket.getPeerCertificate();
      const pairs = createHash('sha256').update(raw).digest('hex').toUpperCase().match(/../g);
      const named = subject.CN;
      const name = Array.isArray(named) ? named.join(', ') : named;
      end(ok({sha256: (pairs ?? []).join(':'), subject: name ?? '', validTo}));
    });
  });
}
