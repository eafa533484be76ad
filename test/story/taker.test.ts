// Why this exists: who takes a disk over is written to as well: what keeps us away from a guest
// keeps us away from it also as the taker, and its own work and the gift never overlap.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {armTask} from '../../src/simulator/faults.ts';
import {configure} from './by-hand.ts';
import {configOf, DEFAULTS, manifest, patched, reasons, type Spec, settleAll} from './guest.ts';
import {approval, createStory, type Story} from './world.ts';

const KEEPER: Spec = {
  vmid: 190,
  node: 'pve1',
  power: 'stopped',
  empty: {},
  memory: '512MiB',
  disks: {scsi0: {storage: 'local-lvm', size: '1GiB'}},
};
const DB: Spec = {
  vmid: 150,
  node: 'pve1',
  power: 'stopped',
  empty: {},
  memory: '1GiB',
  disks: {
    scsi0: {storage: 'local-lvm', size: '2GiB'},
    scsi1: {storage: 'local-lvm', size: '5GiB'},
  },
  retainDisks: {vmid: 190, disks: ['scsi1']},
};

describe('a guest that is to take a disk over', () => {
  it('takes nothing while it is suspended', async () => {
    const story = await leaving();
    suspend(story, 'guest/190');
    await settleAll(story);
    expect(unusedOf(story)).toEqual([]);
    expect(story.simulator.guests.has(150)).toBe(true);
    expect((await reasons(story)).join('\n')).toMatch(
      /suspended: guest\/190 is suspended by alice: mine for today/,
    );
    story.journal.resume('harness', 'guest/190');
    await settleAll(story);
    expect(unusedOf(story)).toHaveLength(1);
  });

  it('takes nothing when it is suspended after the deletion was begun', async () => {
    const story = await leaving();
    armTask(story.simulator, {type: 'qmmove'}, {kind: 'fails', text: 'busy', when: 'start'});
    await settleAll(story);
    suspend(story, 'guest/190');
    await story.clock.sleep(3_600_000);
    await settleAll(story);
    expect(unusedOf(story)).toEqual([]);
  });

  it('takes nothing while a person has put the tag pvegit-hold on it', async () => {
    const story = await leaving();
    configure(story, {tags: 'pvegit-hold'}, 190);
    await settleAll(story);
    expect(unusedOf(story)).toEqual([]);
    expect(story.simulator.guests.has(150)).toBe(true);
    expect((await reasons(story)).join('\n')).toMatch(
      /suspended: guest 190, which keeps disks, carries the tag pvegit-hold/,
    );
  });

  it('waits with its own work until the gift is over', async () => {
    const story = await leaving();
    armTask(story.simulator, {type: 'qmmove'}, {kind: 'late', delayMs: 60_000});
    const {report} = await story.plan();
    const [deletion] = report.verdicts.filter(({key}) => key === 'guest/150');
    story.approvals = [approval(deletion?.fingerprint ?? '', story.clock.now())];
    await story.pass();
    await story.clock.sleep(10_000);
    story.files.set('keeper.yaml', manifest(patched(KEEPER, {memory: '1GiB'}), {name: 'keeper'}));
    const {report: later} = await story.pass();
    const keeper = later.verdicts.find(({key}) => key === 'guest/190');
    expect(keeper).toMatchObject({
      verdict: 'hold',
      reasons: [{reason: 'applying', detail: 'an earlier action on it still runs'}],
    });
    await settleAll(story);
    expect(story.outcomes.map(({result}) => result)).not.toContain('interrupted');
    expect(configOf(story, 190)['memory']).toBe('1024');
  });
});

async function leaving(): Promise<Story> {
  const story = createStory(demoCluster(), {
    files: {
      'db.yaml': manifest(DB, {name: 'db'}),
      'keeper.yaml': manifest(KEEPER, {name: 'keeper'}),
      'defaults.yaml': DEFAULTS,
    },
  });
  await settleAll(story);
  story.files.delete('db.yaml');
  return story;
}

function suspend(story: Story, key: string): void {
  story.journal.suspend({
    cluster: 'harness',
    key,
    reason: 'mine for today',
    owner: 'alice',
    since: story.clock.now(),
    expiresAt: null,
  });
}

function unusedOf(story: Story): readonly string[] {
  return Object.keys(configOf(story, 190)).filter((key) => key.startsWith('unused'));
}
