// Why this exists: records keep a hash of each secret to tell that it changed. With a key that only
// this controller has, the hash of a weak password cannot be guessed from a copy of the journal.
import {link, open, readFile, stat, unlink} from 'node:fs/promises';
import {err, ok, type Result} from '../core/result.ts';

/** Length of the key in bytes, that of SHA-256's output. */
const HASH_KEY_BYTES = 32;

/** Reads the key, or creates it (mode 0600) at the first start. Never replaces one. */
export async function loadHashKey(
  path: string,
  random: (length: number) => Uint8Array,
): Promise<Result<Uint8Array, {readonly message: string; readonly remedy: string}>> {
  try {
    const known = await readKey(path);
    if (known === null) await createKey(path, random(HASH_KEY_BYTES));
    const key = known ?? (await readKey(path));
    if (key === null) return err({message: `${path} vanished while it was read`, remedy: RESTORE});
    if (key.length !== HASH_KEY_BYTES) {
      const message = `${path} has ${key.length} bytes instead of ${HASH_KEY_BYTES}`;
      return err({message, remedy: RESTORE});
    }
    const {mode} = await stat(path);
    if ((mode & 0o077) === 0) return ok(key);
    const message = `${path} can be read by other users`;
    return err({message, remedy: `Run \`chmod 600 ${path}\`.`});
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const message = `the hash key ${path} cannot be read or created (${code})`;
    return err({message, remedy: 'Check the data folder and who owns it.'});
  }
}

const RESTORE =
  'Restore it from a backup. Without one delete the file: a new key is made, and every secret ' +
  'counts as unchanged until `pvegit apply --rewrite-secrets`.';

async function readKey(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all: the name appears by a link to a file that is already on the disk. */
async function createKey(path: string, key: Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(key);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    const lost = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!lost) throw error;
  } finally {
    await unlink(draft);
  }
}
