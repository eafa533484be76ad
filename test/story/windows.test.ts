// Why this exists: a window says when work may be done, not only when it may be begun: what is
// under way when it closes does not go on into the time that was kept free, unless a guest is down
// for it.
import {describe, expect, it} from 'vitest';
import type {Window} from '../../src/core/policy.ts';
import type {Exchange} from '../../src/core/ports.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {
  commit,
  DEFAULTS,
  guestOf,
  manifest,
  NEO4J,
  open,
  patched,
  reasons,
  settleAll,
} from './guest.ts';
import {approval, createStory, EAGER, type Story} from './world.ts';

const RUNNING = patched(NEO4J, {power: 'running'});
const HOUR = 3_600_000;
const FREEZE: Window = {
  kind: 'deny',
  classes: ['benign', 'disruptive', 'destructive'],
  schedule: '0 9 * * *',
  timeZone: 'UTC',
  durationMs: 8 * HOUR,
};

describe('a deny window that opens while an action is under way', () => {
  it('keeps a guest that was shut down to be deleted, until it is over', async () => {
    const {story, wait} = await begin();
    story.files.delete('vm.yaml');
    const held = (await open(story)).find(({verb}) => verb === 'delete');
    story.approvals = [approval(held?.fingerprint ?? '', story.clock.now())];
    wait('/status/shutdown');
    await story.settle();
    expect(guestOf(story).runtime).toBeUndefined();
    expect((await story.pass()).report.verdicts[0]?.reasons[0]?.detail).toMatch(/deny window/);
    await story.clock.sleep(9 * HOUR);
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(false);
  });

  it('does not keep a guest down that is only cycled', async () => {
    const {story, wait} = await begin();
    commit(story, manifest(patched(RUNNING, {cpu: {cores: 4}})));
    wait('/status/shutdown');
    await story.settle();
    expect(guestOf(story).runtime).toBeDefined();
    expect(guestOf(story).config.get('cores')).toBe('4');
  });
});

it('what would run into a deny window is not begun', async () => {
  const {story} = await begin();
  await story.clock.sleep(untilNine(story) - 30_000);
  commit(story, manifest(patched(RUNNING, {tags: ['a']})));
  await story.settle();
  expect(guestOf(story).config.get('tags')).toBeUndefined();
  expect((await reasons(story)).join()).toMatch(/^window: .*a deny window opens in \d+ s/);
});

function untilNine(story: Story): number {
  const day = 24 * HOUR;
  return (9 * HOUR - (story.clock.now() % day) + day) % day;
}

/** A running guest; `wait(path)` lets the freeze begin once that was called. */
async function begin(): Promise<{story: Story; wait: (path: string) => void}> {
  let late: string | null = null;
  let story: Story | null = null;
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: async (request) => {
      const answer = await exchange.request(request);
      if (story !== null && late !== null && request.path.endsWith(late)) {
        late = null;
        await story.clock.sleep(untilNine(story) + 60_000);
      }
      return answer;
    },
  });
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(RUNNING)};
  const policy = {...EAGER, windows: [FREEZE]};
  const made = createStory(demoCluster(), {files, wrap, policy});
  await made.clock.sleep(untilNine(made) + 22 * HOUR);
  await settleAll(made);
  await made.settle();
  expect(await open(made)).toEqual([]);
  story = made;
  const wait = (path: string): void => {
    late = path;
  };
  return {story: made, wait};
}
