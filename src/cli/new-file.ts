// Why this exists: what a person has written is never overwritten by a command that writes files.
import {mkdir, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';

/** Writes a file and its folders; false if there is one already, which stays as it is. */
export async function writeNew(path: string, text: string | Uint8Array): Promise<boolean> {
  await mkdir(dirname(path), {recursive: true});
  try {
    await writeFile(path, text, {flag: 'wx'});
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
