// Why this exists: what Proxmox would refuse is known before it is asked: the plan says why, and no
// call leaves.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {configure} from './by-hand.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  guestOf,
  manifest,
  NEO4J,
  open,
  openLines,
  patched,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const STOPPED = patched(NEO4J, {power: 'stopped'});
const {power: _, ...RUNNING} = patched(NEO4J, {power: 'running'});

describe('a network card', () => {
  it('whose bridge leaves Git keeps it, and nothing is planned', async () => {
    const story = await begin(STOPPED);
    const former = configOf(story)['net0'];
    commit(story, manifest({...STOPPED, networks: {net0: {model: 'virtio'}}}));
    expect(await settleAll(story)).toEqual([]);
    expect(await openLines(story)).toEqual([]);
    expect(configOf(story)['net0']).toBe(former);
  });
});

describe('tags', () => {
  it('that differ only in case and order are the same in every style', async () => {
    const story = await begin({...STOPPED, tags: ['Web', 'blue']});
    configure(story, {tags: 'blue;WEB'});
    expect(await openLines(story)).toEqual([]);
  });
});

describe('a guest that runs', () => {
  it('does not become a template, and the plan says what to do first', async () => {
    const story = await begin(patched(NEO4J, {power: 'running'}));
    commit(story, manifest(patched(RUNNING, {config: {template: true}, tags: ['x']})));
    await settleAll(story);
    expect(guestOf(story).runtime).toBeDefined();
    expect(configOf(story)['template']).toBeUndefined();
    expect((await reasons(story)).join()).toMatch(
      /waiting: it runs, and what is marked as a template/,
    );
  });
});

describe('a key that only a newer Proxmox knows', () => {
  it('is told with the release that knows it, and no call leaves', async () => {
    const story = await begin(STOPPED);
    commit(story, manifest(patched(STOPPED, {config: {'allow-ksm': false}})));
    const before = story.requests.filter((request) => !request.startsWith('GET')).length;
    expect(await settleAll(story)).toEqual([]);
    expect(story.requests.filter((request) => !request.startsWith('GET'))).toHaveLength(before);
    const {report} = await story.plan();
    expect(report.plan?.diagnostics).toMatchObject([
      {
        code: 'vm-release',
        severity: 'error',
        detail: expect.stringMatching(/allow-ksm.*9\.1.*8\.4/),
        remedy: expect.stringMatching(/upgrade|leave/i),
      },
    ]);
    expect((await reasons(story)).join()).toMatch(/^waiting: .*allow-ksm/);
  });

  it('keeps a guest from being made half', async () => {
    const story = createStory(demoCluster(), {
      files: {'vm.yaml': manifest(patched(STOPPED, {config: {'allow-ksm': false}}))},
    });
    expect(await settleAll(story)).toEqual([]);
    expect(story.simulator.guests.has(150)).toBe(false);
  });

  it('is written where the cluster is new enough', async () => {
    const story = createStory(demoCluster({version: '9.1'}), {
      files: {'vm.yaml': manifest(patched(STOPPED, {config: {'allow-ksm': false}}))},
    });
    await settleAll(story);
    expect(configOf(story)['allow-ksm']).toBe('0');
    expect(await open(story)).toEqual([]);
  });
});

async function begin(spec: Spec): Promise<Story> {
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(spec)};
  const story = createStory(demoCluster(), {files});
  await settleAll(story);
  await settleAll(story);
  expect(await openLines(story)).toEqual([]);
  return story;
}
