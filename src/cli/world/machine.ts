// Why this exists: the controller must know which guest it runs in, so that it never stops that
// one.
import {readFileSync} from 'node:fs';

const PRODUCT_UUID = '/sys/class/dmi/id/product_uuid';

/**
 * DMI product UUID of this machine in lower case; null where it cannot be read (no root, no DMI).
 */
export function productUuid(): string | null {
  try {
    return readFileSync(PRODUCT_UUID, 'utf8').trim().toLowerCase() || null;
  } catch {
    return null;
  }
}
