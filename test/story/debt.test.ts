// Why this exists: a guest that ran before we stopped it runs again afterwards, whatever came in
// between: a lock, a failing start, a newer commit, the end of the process, a deletion called off.
// Judged from the simulator's own log of effects.
import {describe, expect, it} from 'vitest';
import type {Window} from '../../src/core/policy.ts';
import type {Exchange, Journal} from '../../src/core/ports.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {armTask} from '../../src/simulator/faults.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {byHand} from './by-hand.ts';
import {
  commit,
  DEFAULTS,
  guestOf,
  manifest,
  NEO4J,
  openLines,
  patched,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, EAGER, type Story, type StoryOptions} from './world.ts';

const MINUTE = 60_000;
/** Undeclared power: nobody but the debt says that it is to run. */
const MORE: Spec = patched(NEO4J, {cpu: {cores: 4}});

describe('a guest that was stopped for a cycle', () => {
  it('and met a lock is started when it goes, and the plan says what it waits for', async () => {
    const story = await running({wrap: lockWhenOff});
    commit(story, manifest(MORE));
    await settleAll(story);
    expect(power(story)).toEqual(['stop']);
    expect((await reasons(story)).join()).toMatch(/^locked: .*backup/);
    expect(await openLines(story)).toEqual([
      expect.stringMatching(/^update benign: power \[locked/),
    ]);
    await story.clock.sleep(20 * MINUTE);
    await story.settle();
    expect(power(story)).toEqual(['stop']);
    guestOf(story).config.delete('lock');
    await story.settle();
    expect(power(story)).toEqual(['stop', 'start']);
    expect(guestOf(story).config.get('cores')).toBe('4');
    expect(await quiet(story)).toEqual([]);
  });

  it('is started by the process that comes after the one that stopped it', async () => {
    const story = await running({wrap: lockWhenOff});
    commit(story, manifest(MORE));
    await settleAll(story);
    expect(power(story)).toEqual(['stop']);
    guestOf(story).config.delete('lock');
    const next = successor(story, {'vm.yaml': manifest(MORE), 'defaults.yaml': DEFAULTS});
    await next.settle();
    expect(power(next)).toEqual(['stop', 'start']);
    expect(await quiet(next)).toEqual([]);
  });

  it('is started outside of every window, under the yes that stopped it', async () => {
    const story = await running({
      wrap: lockWhenOff,
      policy: {...EAGER, benign: 'approval', disruptive: 'approval'},
    });
    commit(story, manifest(MORE));
    await settleAll(story);
    expect(power(story)).toEqual(['stop']);
    guestOf(story).config.delete('lock');
    story.approvals = [];
    await story.settle();
    expect(power(story)).toEqual(['stop', 'start']);
  });

  it('is started while a deny window holds everything else', async () => {
    const deny: Window = {
      kind: 'deny',
      classes: ['benign', 'disruptive', 'destructive'],
      schedule: '0 9 * * *',
      timeZone: 'UTC',
      durationMs: 120 * MINUTE,
    };
    const story = await running({wrap: lockWhenOff, policy: {...EAGER, windows: [deny]}});
    commit(story, manifest(MORE));
    await settleAll(story);
    expect(power(story)).toEqual(['stop']);
    await story.clock.sleep(Date.UTC(2026, 0, 5, 9, 1) - story.clock.now());
    guestOf(story).config.delete('lock');
    commit(story, manifest(patched(MORE, {tags: ['late']})));
    await story.settle();
    expect(power(story)).toEqual(['stop', 'start']);
    expect(guestOf(story).config.get('tags')).toBeUndefined();
  });

  it('whose start fails is tried again, and a newer commit still gets through', async () => {
    const story = await running({});
    armTask(
      story.simulator,
      {type: 'qmstart'},
      {kind: 'fails', text: 'start failed: out of memory', when: 'start'},
    );
    commit(story, manifest(MORE));
    await story.settle();
    expect(power(story)).toEqual(['stop', 'start']);
    expect(story.outcomes.map(({result}) => result)).toContain('failed');
    expect(await quiet(story)).toEqual([]);
  });

  it('that is to be off by a newer commit is left off, and nothing is owed any more', async () => {
    const story = await running({wrap: lockWhenOff});
    commit(story, manifest(MORE));
    await settleAll(story);
    commit(story, manifest(patched(MORE, {power: 'stopped'})));
    guestOf(story).config.delete('lock');
    await settleAll(story);
    commit(story, manifest(MORE));
    await settleAll(story);
    await story.clock.sleep(60 * MINUTE);
    await settleAll(story);
    expect(power(story)).toEqual(['stop']);
    expect(owes(story.journal)).toBe(false);
  });

  it('that somebody else started owes nothing, and may be stopped by hand afterwards', async () => {
    const story = await running({wrap: lockWhenOff});
    commit(story, manifest(MORE));
    await settleAll(story);
    guestOf(story).config.delete('lock');
    byHand(story, 'POST', '/nodes/pve1/qemu/150/status/start');
    await story.clock.sleep(MINUTE);
    await settleAll(story);
    expect(owes(story.journal)).toBe(false);
    byHand(story, 'POST', '/nodes/pve1/qemu/150/status/stop');
    await story.clock.sleep(60 * MINUTE);
    await settleAll(story);
    expect(power(story)).toEqual(['stop', 'start', 'stop']);
  });
});

it('a guest that was shut down for a deletion that is called off runs again', async () => {
  const story = await running({wrap: lockWhenOff});
  story.files.delete('vm.yaml');
  await settleAll(story);
  expect(power(story)).toEqual(['stop']);
  expect(story.simulator.guests.has(150)).toBe(true);
  guestOf(story).config.delete('lock');
  commit(story, manifest(NEO4J));
  await story.settle();
  expect(power(story)).toEqual(['stop', 'start']);
  expect(await quiet(story)).toEqual([]);
});

it('a guest that is only observed is forgotten when it leaves Git, and not touched', async () => {
  const story = await running({});
  const before = story.simulator.effects.length;
  commit(story, manifest(NEO4J, {annotations: {'pvegit/mode': 'observe'}}));
  await settleAll(story);
  story.files.delete('vm.yaml');
  expect(await openLines(story)).toEqual([]);
  await settleAll(story);
  expect(story.journal.records('harness')).toEqual([]);
  expect(story.simulator.effects.slice(before)).toEqual([]);
  expect(guestOf(story).config.get('description')).toContain('pvegit/v1');
});

/** A backup takes the lock as soon as the guest is off. */
function lockWhenOff(exchange: Exchange): Exchange {
  let taken = false;
  return {
    ...exchange,
    request: async (request) => {
      const guest = cluster?.guests.get(150);
      if (!taken && guest?.kind === 'qemu' && guest.runtime === undefined && armed) {
        guest.config.set('lock', 'backup');
        taken = true;
      }
      return exchange.request(request);
    },
  };
}

let cluster: Cluster | null = null;
let armed = false;

async function running(options: Partial<StoryOptions>): Promise<Story> {
  cluster = demoCluster();
  armed = false;
  const files = {
    'vm.yaml': manifest(patched(NEO4J, {power: 'running'})),
    'defaults.yaml': DEFAULTS,
  };
  const story = createStory(cluster, {files, ...options});
  await settleAll(story);
  await settleAll(story);
  commit(story, manifest(NEO4J));
  await settleAll(story);
  expect(guestOf(story).runtime).toBeDefined();
  expect(await quiet(story)).toEqual([]);
  armed = true;
  since = cluster.effects.length;
  return story;
}

let since = 0;

/** How the guest's power changed since the story proper began. */
function power({simulator}: Story): readonly string[] {
  return simulator.effects
    .slice(since)
    .filter(({vmid, what}) => vmid === 150 && (what === 'start' || what === 'stop'))
    .map(({what}) => what);
}

function owes(journal: Journal): boolean {
  return journal.records('harness').some(({owesStart}) => owesStart === true);
}

function successor({simulator, journal}: Story, files: StoryOptions['files']): Story {
  return createStory(simulator, {files, journal});
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
