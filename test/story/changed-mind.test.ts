// Why this exists: between the shutdown of a guest and its destruction there are minutes in which
// somebody may want it back. Whatever says so, or only may say so, keeps the guest.
import {describe, expect, it} from 'vitest';
import type {Revision} from '../../src/core/model.ts';
import type {Exchange, SourceError} from '../../src/core/ports.ts';
import {err, ok, type Result} from '../../src/core/result.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {configure} from './by-hand.ts';
import {
  commit,
  DEFAULTS,
  guestOf,
  manifest,
  NEO4J,
  patched,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {approval, createStory, type Story, type StoryOptions} from './world.ts';

const RUNNING = patched(NEO4J, {power: 'running'});

describe('while a guest is shut down to be deleted', () => {
  it('its document with a mistake keeps it, and a whole one calls the deletion off', async () => {
    const story = await deleting((one) => commit(one, broken(RUNNING)));
    expect(story.simulator.guests.has(150)).toBe(true);
    expect((await reasons(story)).join()).toMatch(/incomplete: .*documents with errors/);
    commit(story, manifest(RUNNING));
    await story.settle();
    await story.settle();
    expect(guestOf(story).runtime).toBeDefined();
    expect(story.outcomes.at(-1)).toMatchObject({verb: 'update', result: 'done'});
  });

  it('a mistake in another document keeps it, until that is mended', async () => {
    const story = await deleting((one) => one.files.set('other.yaml', 'kind: ['));
    expect(story.simulator.guests.has(150)).toBe(true);
    story.files.delete('other.yaml');
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(false);
  });

  it('a source that cannot be read keeps it, until it can', async () => {
    let away = false;
    const gone = {kind: 'unreachable', message: 'no route', remedy: ''} as const;
    const fetched = (one: Revision): Result<Revision, SourceError> => (away ? err(gone) : ok(one));
    const meanwhile = () => {
      away = true;
    };
    const story = await deleting(meanwhile, {fetched});
    expect(story.simulator.guests.has(150)).toBe(true);
    away = false;
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(false);
  });

  it('a release by a person keeps it', async () => {
    const story = await deleting((one) => {
      one.journal.addRequest({kind: 'release', cluster: 'harness', key: 'guest/150'}, 0);
    });
    expect(story.simulator.guests.has(150)).toBe(true);
    expect(story.outcomes.some(({because}) => /released/.test(because))).toBe(true);
  });

  it.each([
    {title: 'the tag pvegit-hold', params: {tags: 'pvegit-hold'}},
    {title: 'protection', params: {protection: 1}},
    {title: 'any other change by hand', params: {onboot: 1}},
  ])('$title keeps it', async ({params}) => {
    const story = await deleting((one) => configure(one, params));
    expect(story.simulator.guests.has(150)).toBe(true);
    expect(story.outcomes.at(-1)).toMatchObject({verb: 'delete', result: 'interrupted'});
  });

  it('a suspension keeps it', async () => {
    const story = await deleting((one) => {
      const pause = {cluster: 'harness', key: '*', reason: 'wait', owner: 'ann'} as const;
      one.journal.suspend({...pause, since: one.clock.now(), expiresAt: null});
    });
    expect(story.simulator.guests.has(150)).toBe(true);
  });

  it('a controller that starts while the source is away goes on with nothing', async () => {
    const gone = {kind: 'unreachable', message: 'no route', remedy: ''} as const;
    const story = await deleting((one) => one.files.set('other.yaml', 'kind: ['));
    const {simulator, journal} = story;
    const next = createStory(simulator, {files: {}, journal, fetched: () => err(gone)});
    await next.settle();
    expect(simulator.guests.has(150)).toBe(true);
    expect(journal.unfinished('harness')).toHaveLength(1);
  });
});

/** A running guest whose deletion is approved; `meanwhile` happens when its shutdown was asked. */
async function deleting(
  meanwhile: (story: Story) => unknown,
  options: Partial<StoryOptions> = {},
): Promise<Story> {
  let story: Story | null = null;
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: async (request) => {
      const answer = await exchange.request(request);
      if (story !== null && request.path.endsWith('/status/shutdown')) {
        meanwhile(story);
        await story.pass();
      }
      return answer;
    },
  });
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(RUNNING)};
  const made = createStory(demoCluster(), {files, wrap, ...options});
  await settleAll(made);
  await made.settle();
  expect(guestOf(made).runtime).toBeDefined();
  story = made;
  made.files.delete('vm.yaml');
  const {report} = await made.plan();
  const held = report.plan?.actions.find(({verb}) => verb === 'delete');
  made.approvals = [approval(held?.fingerprint ?? '', made.clock.now())];
  await made.settle();
  return made;
}

function broken(spec: Spec): string {
  return manifest(patched(spec, {memory: 'plenty'}));
}
