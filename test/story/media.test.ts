// Why this exists: a CD changes while its guest runs, and a disk never shrinks: what happens to
// drives is judged by the cluster's own log.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {put} from '../../src/simulator/volume.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  manifest,
  NEO4J,
  openLines,
  patched,
  pendingOf,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const MIB = 1024 ** 2;
const RUNNING = patched(NEO4J, {power: 'running'});
const withCd = (file: string): Spec => patched(RUNNING, {cdroms: {ide0: {file}}});

describe('a CD drive', () => {
  it('gets another ISO, and none, while its guest runs', async () => {
    const story = await begin(withCd('local:iso/one.iso'));
    expect(configOf(story)['ide0']).toMatch(/^local:iso\/one.iso,media=cdrom/);
    const since = story.simulator.effects.length;
    for (const file of ['local:iso/two.iso', 'none', 'local:iso/one.iso']) {
      commit(story, manifest(withCd(file)));
      expect(await openLines(story)).toEqual(['update benign: cdroms.ide0.file']);
      await settleAll(story);
      expect(configOf(story)['ide0']?.split(',')[0]).toBe(file);
      expect(pendingOf(story)).toEqual({});
      expect(await quiet(story)).toEqual([]);
    }
    expect(power(story, since)).toEqual([]);
  });

  it('with an ISO that is not there is told, and its former medium stays', async () => {
    const story = await begin(withCd('local:iso/one.iso'));
    commit(story, manifest(withCd('local:iso/missing.iso')));
    const outcomes = await settleAll(story);
    expect(outcomes.join()).toMatch(/missing\.iso/);
    expect(configOf(story)['ide0']).toMatch(/^local:iso\/one.iso/);
    expect(pendingOf(story)).toEqual({});
  });

  it('that leaves Git is taken out with a stop and start, and nothing is left of it', async () => {
    const story = await begin(withCd('local:iso/one.iso'));
    const since = story.simulator.effects.length;
    commit(story, manifest(RUNNING));
    expect(await openLines(story)).toEqual(['update disruptive: cdroms.ide0']);
    await settleAll(story);
    expect(configOf(story)['ide0']).toBeUndefined();
    expect(Object.keys(configOf(story)).filter((key) => key.startsWith('unused'))).toEqual([]);
    expect(power(story, since)).toEqual(['stop', 'start']);
    expect(story.simulator.volumes.has('pve1/local:iso/one.iso')).toBe(true);
  });
});

describe('19: a disk that Git wants smaller', () => {
  it('is refused, keeps its size, and what else was asked for is done', async () => {
    const story = await begin(RUNNING);
    const wish = {disks: {scsi0: {size: '4GiB'}}, tags: ['small']};
    commit(story, manifest(patched(RUNNING, wish)));
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/^shrink: /);
    expect(configOf(story)['scsi0']).toMatch(/size=8G/);
    expect(configOf(story)['tags']).toBe('small');
  });
});

describe('20: a disk that grows while an option of it waits', () => {
  it('has its new size before and after the stop and start', async () => {
    const story = await begin(RUNNING);
    const wish = {disks: {scsi0: {size: '12GiB', ssd: true}}};
    commit(story, manifest(patched(RUNNING, wish)));
    await story.settle();
    await settleAll(story);
    expect(configOf(story)['scsi0']).toMatch(/size=12G/);
    expect(configOf(story)['scsi0']).toMatch(/ssd=1/);
    expect(pendingOf(story)).toEqual({});
    expect(await quiet(story)).toEqual([]);
  });
});

function power({simulator}: Story, since: number): readonly string[] {
  return simulator.effects
    .slice(since)
    .filter(({vmid, what}) => vmid === 150 && (what === 'start' || what === 'stop'))
    .map(({what}) => what);
}

async function begin(spec: Spec): Promise<Story> {
  const cluster = demoCluster();
  for (const name of ['one', 'two']) addIso(cluster, name);
  const files = {'vm.yaml': manifest(spec), 'defaults.yaml': DEFAULTS};
  const story = createStory(cluster, {files});
  await settleAll(story);
  expect(await quiet(story)).toEqual([]);
  return story;
}

function addIso(cluster: Cluster, name: string): void {
  put(cluster, {
    volid: `local:iso/${name}.iso`,
    storage: 'local',
    node: 'pve1',
    format: 'iso',
    sizeBytes: 4 * MIB,
    usedBytes: 4 * MIB,
    vmid: undefined,
    parent: undefined,
    content: 'iso',
    ctimeS: 0,
    snapshots: new Set(),
    data: undefined,
  });
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
