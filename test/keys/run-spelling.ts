// Why this exists: a pair of spellings makes no difference exactly when a guest that is spelt in
// the one way is adopted by a manifest that is spelt in the other.
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {manifest, openLines, patched} from '../story/guest.ts';
import {createStory} from '../story/world.ts';
import {VOLUMES} from './edits-devices.ts';
import {LIVE} from './key-edit.ts';
import type {Spelling} from './spellings.ts';

const ADOPT = {'pvegit/adopt': '6f9619ff-8b86-4011-b42d-00c04fc964ff'};

/** Tries every pair; the answer lists those that make a difference. */
export async function runSpelling({live, git}: Spelling): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const texts of live) {
    for (const spec of git) {
      const left = await differences(texts, spec);
      if (left !== 'adopt benign: ') {
        wrong.push(`${JSON.stringify(texts)} and ${JSON.stringify(spec)}: ${left}`);
      }
    }
  }
  return wrong;
}

async function differences(texts: Spelling['live'][number], spec: Spelling['git'][number]) {
  const config = Object.fromEntries(
    Object.entries({...LIVE, ...texts}).filter((entry): entry is [string, string] => {
      return entry[1] !== null;
    }),
  );
  const cluster = demoCluster();
  addGuest(cluster, 150, {config, running: true, volumes: VOLUMES});
  const base = {vmid: 150, node: 'pve1', power: 'running'};
  const text = manifest(patched(base, spec), {name: 'keys', annotations: ADOPT});
  const story = createStory(cluster, {files: {'vm.yaml': text}});
  await story.clock.sleep(30_000);
  return (await openLines(story)).join('; ');
}
