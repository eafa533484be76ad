// Why this exists: Proxmox takes form bodies, decodes each value once and joins or collects
// repeated keys (facts.md section 1); a value that is itself percent-encoded (sshkeys) must
// therefore be encoded once more, which happens here because nothing is ever left as it is.
import {encodePart} from '../core/read-path.ts';

/** Parameters of one call; a list repeats its key. */
export type FormParams = {
  readonly [key: string]: string | number | readonly (string | number)[];
};

/** The form body or query string of some parameters, in their order; empty for none. */
export function encodeForm(params: FormParams): string {
  const pairs = Object.entries(params).flatMap(([key, value]) =>
    (typeof value === 'object' ? value : [value]).map(
      (item) => `${encodePart(key)}=${encodePart(String(item))}`,
    ),
  );
  return pairs.join('&');
}
