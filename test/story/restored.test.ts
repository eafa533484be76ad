// Why this exists: a journal that is put back speaks of a time that is over: what was under way or
// approved then is not begun again now.
import {copyFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {restoreJournal} from '../../src/journal/backup.ts';
import {openJournal} from '../../src/journal/journal.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {commit, DEFAULTS, guestOf, manifest, NEO4J, open, patched, settleAll} from './guest.ts';
import {approval, createStory} from './world.ts';

const RUNNING = patched(NEO4J, {power: 'running'});
const random = {bytes: (length: number) => new Uint8Array(length).fill(7)};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pvegit-restored-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

it.each(['restored', 'copied'] as const)(
  'a deletion under way in a journal that is %s is not gone on with',
  async (how) => {
    const simulator = demoCluster();
    const clock = {now: () => simulator.nowMs};
    const path = join(folder, 'journal.db');
    const journal = openJournal({path, clock, random});
    const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(RUNNING)};
    const story = createStory(simulator, {files, journal});
    await settleAll(story);
    await settleAll(story);
    story.files.delete('vm.yaml');
    const held = (await open(story)).find(({verb}) => verb === 'delete');
    story.approvals = [approval(held?.fingerprint ?? '', story.clock.now())];
    // The source falls silent while the guest is shut down: the deletion waits half way.
    await story.pass();
    await story.clock.sleep(500);
    story.files.set('other.yaml', 'kind: [');
    await story.settle();
    expect(journal.unfinished('harness')).toHaveLength(1);
    const copy = join(folder, 'copy.db');
    await journal.backup(copy);
    commit(story, manifest(patched(RUNNING, {power: 'stopped'})));
    story.files.delete('other.yaml');
    await story.settle();
    expect(guestOf(story).runtime).toBeUndefined();
    journal.close();

    await story.clock.sleep(7 * 86_400_000);
    // A machine that is put back to its snapshot does not pass through our command.
    if (how === 'restored') restoreJournal({from: copy, to: path, clock, random});
    else for (const tail of ['', '-wal', '-shm']) rmSync(`${path}${tail}`, {force: true});
    if (how === 'copied') copyFileSync(copy, path);
    const restored = openJournal({path, clock, random});
    const later = createStory(simulator, {files: {'house.yaml': DEFAULTS}, journal: restored});
    later.approvals = story.approvals;
    await later.settle();
    await later.settle();
    expect(simulator.guests.has(150)).toBe(true);
    expect((await open(later)).map(({verb}) => verb)).toEqual(['delete']);
    expect(restored.unfinished('harness')).toEqual([]);
    restored.close();
  },
);
