// Why this exists: "pvegit release" is the promise that a guest is never destroyed, and the way out
// that remedies name; both must be true whenever it is said, before or after the commit.
import {describe, expect, it} from 'vitest';
import {newMemory} from '../../src/reconcile/memory.ts';
import {takeRequests} from '../../src/reconcile/requests.ts';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {byHand} from './by-hand.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  guestOf,
  manifest,
  NEO4J,
  open,
  patched,
  reasons,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const STOPPED = patched(NEO4J, {power: 'stopped'});
const OTHER = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

describe('a release', () => {
  it('that is said before the commit still holds when the manifest is gone', async () => {
    const story = await begin();
    await release(story);
    story.files.delete('vm.yaml');
    expect((await open(story)).map(({verb}) => verb)).toEqual(['release']);
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(true);
    expect(configOf(story)['description'] ?? '').not.toContain('pvegit');
    expect(story.journal.records('harness')).toEqual([]);
  });

  it('survives the controller that took it up', async () => {
    const story = await begin();
    story.journal.addRequest({kind: 'release', cluster: 'harness', key: 'guest/150'}, 0);
    takeRequests({cluster: 'harness', journal: story.journal, applier: null}, newMemory());
    const {simulator, journal} = story;
    const next = createStory(simulator, {files: {'house.yaml': DEFAULTS}, journal});
    await settleAll(next);
    expect(simulator.guests.has(150)).toBe(true);
  });

  it('is over once the guest was let go: what is made anew is deleted as any other', async () => {
    const story = await begin();
    await release(story);
    story.files.delete('vm.yaml');
    await settleAll(story);
    byHand(story, 'DELETE', '/nodes/pve1/qemu/150');
    await story.clock.sleep(30_000);
    commit(story, manifest(STOPPED));
    await settleAll(story);
    expect(configOf(story)['description']).toContain('pvegit');
    story.files.delete('vm.yaml');
    expect((await open(story)).map(({verb}) => verb)).toEqual(['delete']);
  });

  it('forbids to make it anew too', async () => {
    const story = await begin();
    const uuid = configOf(story)['smbios1'];
    await release(story);
    commit(story, manifest(STOPPED, {annotations: {'pvegit/replace': 'once'}}));
    await settleAll(story);
    expect(configOf(story)['smbios1']).toBe(uuid);
  });

  it('is taken back by an adoption', async () => {
    const story = await begin();
    await release(story);
    story.journal.addRequest({kind: 'adopt', cluster: 'harness', key: 'guest/150'}, 0);
    await story.settle();
    story.files.delete('vm.yaml');
    expect((await open(story)).map(({verb}) => verb)).toEqual(['delete']);
  });

  it('lets a guest go whose marker is gone, as the remedy says', async () => {
    const story = await begin();
    guestOf(story).config.delete('description');
    expect((await reasons(story)).join()).toMatch(/^marker-missing/);
    await release(story);
    await story.settle();
    expect(story.journal.records('harness')).toEqual([]);
    expect((await reasons(story)).join()).toMatch(/^vmid-taken/);
  });

  it('makes way for the adoption of who lives there now, as the remedy says', async () => {
    const story = await begin();
    story.simulator.guests.delete(150);
    addGuest(story.simulator, 150, {config: {memory: '512', smbios1: `uuid=${OTHER}`}});
    await story.clock.sleep(30_000);
    const found = {vmid: 150, memory: '512MiB', name: null};
    commit(story, manifest(found, {annotations: {'pvegit/adopt': OTHER}}));
    expect((await reasons(story)).join()).toMatch(/^(identity-changed|marker-missing)/);
    await release(story);
    await story.settle();
    expect(configOf(story)['description']).toContain('vmid=150');
    expect(story.journal.records('harness')[0]?.witness).toBe(OTHER);
  });

  it('of a stranger that has left Git too forgets it, and touches nothing', async () => {
    const story = await begin();
    const config = {...configOf(story), smbios1: `uuid=${OTHER}`};
    story.simulator.guests.delete(150);
    addGuest(story.simulator, 150, {config});
    await story.clock.sleep(30_000);
    story.files.delete('vm.yaml');
    expect((await reasons(story)).join()).toMatch(/^identity-changed/);
    await release(story);
    await story.settle();
    expect(story.journal.records('harness')).toEqual([]);
    expect(configOf(story)).toEqual(config);
  });
});

async function begin(): Promise<Story> {
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(STOPPED)};
  const story = createStory(demoCluster(), {files});
  await settleAll(story);
  expect(await open(story)).toEqual([]);
  return story;
}

/** Asks for it, and lets some passes go by. */
async function release(story: Story): Promise<void> {
  story.journal.addRequest({kind: 'release', cluster: 'harness', key: 'guest/150'}, 0);
  await story.settle();
  await story.settle();
}
