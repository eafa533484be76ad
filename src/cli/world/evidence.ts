// Why this exists: forensics lie in the data folder as one file each, readable by its owner only.
import {mkdir, open} from 'node:fs/promises';
import {join} from 'node:path';
import type {EvidenceStore} from '../../apply/context.ts';
import {err, ok} from '../../core/result.ts';

/** Writes bundles below `<data>/evidence/<cluster>`. */
export function createEvidenceStore(data: string, cluster: string): EvidenceStore {
  const folder = join(data, 'evidence', cluster);
  return {
    save: async (name, content) => {
      const path = join(folder, `${name}.json`);
      try {
        await mkdir(folder, {recursive: true, mode: 0o700});
        const file = await open(path, 'w', 0o600);
        try {
          await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
          await file.sync();
        } finally {
          await file.close();
        }
        return ok(path);
      } catch (error) {
        const because = error instanceof Error ? error.message : String(error);
        return err({message: `evidence could not be written: ${because}`});
      }
    },
  };
}
