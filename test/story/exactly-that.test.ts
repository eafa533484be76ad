// Why this exists: a person's word is for one thing: the guest that was seen, made anew in the way
// that was shown. Whatever else takes its place needs another word.
import {describe, expect, it} from 'vitest';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {configure} from './by-hand.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  manifest,
  NEO4J,
  open,
  patched,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const STOPPED = patched(NEO4J, {power: 'stopped'});
const ONE = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const TWO = '7a9619ff-8b86-4011-b42d-00c04fc964ff';

describe('an approval of a replacement', () => {
  it.each([
    {title: 'from another template', spec: {clone: {vmid: 101, full: true}}},
    {title: 'as a linked clone', spec: {clone: {vmid: 100, full: false}}},
    {title: 'on another storage', spec: {clone: {vmid: 100, full: true, storage: 'local'}}},
  ])('is none for one $title', async ({spec}) => {
    const story = await begin();
    const [first] = await replacing(story, STOPPED);
    const [second] = await replacing(story, patched(STOPPED, spec));
    expect(first?.verb).toBe('replace');
    expect(second?.verb).toBe('replace');
    expect(second?.fingerprint).not.toBe(first?.fingerprint);
  });
});

describe('an approval of a stop and start', () => {
  it('is none for what another hand lets wait afterwards, and shows what waits', async () => {
    const story = await begin();
    commit(story, manifest(patched(STOPPED, {power: 'running'})));
    await settleAll(story);
    commit(story, manifest(patched(STOPPED, {power: 'running', cpu: {cores: 4}})));
    const [first] = await open(story);
    expect(first?.facts['along']).toBeUndefined();
    configure(story, {sockets: 2});
    const [second] = await open(story);
    expect(second?.facts['along']).toEqual(['sockets: (none) → 2']);
    expect(second?.fingerprint).not.toBe(first?.fingerprint);
  });
});

describe('a request to adopt', () => {
  it('is for the guest that lived there when it was made, not for the next one', async () => {
    const simulator = demoCluster();
    addGuest(simulator, 150, {config: {memory: '1024', smbios1: `uuid=${ONE}`}});
    const found = {vmid: 150, memory: '512MiB', name: null};
    const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(found)};
    const story = createStory(simulator, {files});
    await story.clock.sleep(30_000);
    story.journal.addRequest({kind: 'adopt', cluster: 'harness', key: 'guest/150'}, 0);
    await story.settle();
    expect((await reasons(story)).join()).toMatch(/^adoption-differs/);
    simulator.guests.delete(150);
    addGuest(simulator, 150, {config: {memory: '512', smbios1: `uuid=${TWO}`}});
    await story.clock.sleep(30_000);
    await settleAll(story);
    expect(configOf(story)['description'] ?? '').not.toContain('pvegit');
    expect((await reasons(story)).join()).toMatch(/^identity-changed/);
  });
});

async function begin(): Promise<Story> {
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(STOPPED)};
  const simulator = demoCluster();
  const template = simulator.guests.get(100);
  const config = Object.fromEntries(template?.config ?? []);
  addGuest(simulator, 101, {config: {...config, smbios1: `uuid=${ONE}`}});
  const story = createStory(simulator, {files});
  await settleAll(story);
  expect(await open(story)).toEqual([]);
  return story;
}

async function replacing(story: Story, spec: Spec) {
  commit(story, manifest(spec, {annotations: {'pvegit/replace': 'once'}}));
  return open(story);
}
