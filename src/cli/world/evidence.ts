// Why this exists: forensics lie in the data folder as one file each, readable by its owner only.
// They are kept for a while and to a size: a full disk would end every write to Proxmox.
import {mkdir, open, readdir, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {EvidenceStore} from '../../apply/context.ts';
import type {EvidenceConfig} from '../../config/model.ts';
import {err, ok} from '../../core/result.ts';

/** Writes bundles below `<data>/evidence/<cluster>`, and removes what is kept no longer. */
export function createEvidenceStore(
  data: string,
  cluster: string,
  kept: EvidenceConfig,
): EvidenceStore {
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
      } catch (error) {
        const because = error instanceof Error ? error.message : String(error);
        return err({message: `evidence could not be written: ${because}`});
      }
      // What was saved counts, whether or not old bundles could be removed.
      await prune(folder, `${name}.json`, kept).catch(() => {});
      return ok(path);
    },
  };
}

/** One bundle as its file is called: `<ms since the epoch>-<guest>-<verb>.json`. */
interface Bundle {
  readonly file: string;
  readonly at: number;
  /** `guest-150` */
  readonly subject: string;
  readonly bytes: number;
}

async function prune(folder: string, saved: string, kept: EvidenceConfig): Promise<void> {
  const all = await bundlesOf(folder);
  const now = all.find(({file}) => file === saved)?.at;
  if (now === undefined) return;
  for (const {file} of outworn(all, now, kept)) await rm(join(folder, file), {force: true});
}

/** What is too old, or too much, oldest first; never the newest of a guest. */
function outworn(
  all: readonly Bundle[],
  now: number,
  {keepMs, maxBytes}: EvidenceConfig,
): readonly Bundle[] {
  const newest = new Map(all.map((one) => [one.subject, one.file]));
  let total = all.reduce((sum, {bytes}) => sum + bytes, 0);
  return all.filter(({file, at, subject, bytes}) => {
    if (newest.get(subject) === file) return false;
    if (now - at <= keepMs && total <= maxBytes) return false;
    total -= bytes;
    return true;
  });
}

/** Oldest first. What is not called like a bundle of ours is somebody else's, and stays. */
async function bundlesOf(folder: string): Promise<readonly Bundle[]> {
  const bundles: Bundle[] = [];
  for (const file of await readdir(folder)) {
    const [, at, subject] = /^(\d{1,16})-(.+)-[a-z]+\.json$/.exec(file) ?? [];
    if (at === undefined || subject === undefined) continue;
    const {size} = await stat(join(folder, file));
    bundles.push({file, at: Number(at), subject, bytes: size});
  }
  return bundles.sort((a, b) => a.at - b.at || (a.file < b.file ? -1 : 1));
}
