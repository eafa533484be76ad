// Why this exists: two controllers with one token do not see each other, and a person may borrow
// the token. What was begun with it and is not in our journal holds what we would write, and is
// said; an answer that was lost and a journal that is put back are no such thing.
import {describe, expect, it} from 'vitest';
import {demoCluster, demoSecret} from '../../src/simulator/build.ts';
import {armRequest} from '../../src/simulator/faults.ts';
import {handle} from '../../src/simulator/handle.ts';
import {configOf, DEFAULTS, guestOf, manifest, NEO4J, patched, settleAll} from './guest.ts';
import {createStory, type Story} from './world.ts';

const MINUTE = 60_000;
const OFF = patched(NEO4J, {power: 'stopped'});
const FILES = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(OFF)};

describe('two controllers with one token and a journal each', () => {
  it('write once each at most before the second says so and waits', async () => {
    const simulator = demoCluster();
    const first = createStory(simulator, {files: FILES});
    await settleAll(first);
    const second = createStory(simulator, {files: FILES});
    await second.settle();
    await second.clock.sleep(30 * MINUTE);
    edit(first, {cpu: {cores: 4}});
    await first.settle();
    expect(configOf(first)['cores']).toBe('4');
    // The second follows another branch, or an older commit: to it this is drift.
    await second.settle();
    expect(configOf(first)['cores']).toBe('4');
    const {report} = await second.pass();
    expect(report.verdicts.flatMap((one) => one.reasons)).toMatchObject([
      {
        reason: 'breakglass',
        detail: expect.stringMatching(
          /^somebody else used our token pvegit@pve!controller on pve1 at .*: an update of VM 150$/,
        ),
        remedy: expect.stringMatching(/a token of their own/),
      },
    ]);
  });

  it('see each other by their tasks, which are named', async () => {
    const simulator = demoCluster();
    const first = createStory(simulator, {files: FILES});
    await settleAll(first);
    const second = createStory(simulator, {files: FILES});
    await second.settle();
    await second.clock.sleep(30 * MINUTE);
    edit(first, {power: 'running'});
    await first.settle();
    expect(guestOf(first).runtime).toBeDefined();
    await second.clock.sleep(MINUTE);
    await second.settle();
    await second.clock.sleep(11 * MINUTE);
    await second.settle();
    expect(guestOf(first).runtime).toBeDefined();
    const {report} = await second.pass();
    const [held] = report.verdicts.flatMap((one) => one.reasons);
    expect(held?.detail).toMatch(/: qmstart of 150 \(UPID:pve1:.*:qmstart:150:pvegit@pve!control/);
  });
});

describe('a person who borrows the token', () => {
  it('is noticed by what she did to any guest, and for an hour nothing is written', async () => {
    const story = await living();
    borrow(story, 'PUT', '/nodes/pve1/qemu/100/config', 'description=mine');
    edit(story, {cpu: {cores: 4}});
    await story.settle();
    expect((await heldBy(story)).join()).toMatch(/breakglass: somebody else .* update of VM 100/);
    expect(configOf(story)['cores']).toBe('2');
    await story.clock.sleep(50 * MINUTE);
    await story.settle();
    expect(configOf(story)['cores']).toBe('2');
    await story.clock.sleep(11 * MINUTE);
    await story.settle();
    expect(configOf(story)['cores']).toBe('4');
  });

  it('is not noticed for looking at a screen, or with a token of her own', async () => {
    const story = await living();
    borrow(story, 'GET', '/nodes/pve1/qemu/150/config', '');
    edit(story, {cpu: {cores: 4}});
    await story.settle();
    expect(configOf(story)['cores']).toBe('4');
  });
});

describe('what is ours', () => {
  it.each(['cut-after', 'answer-lost', 'no-answer'] as const)(
    'stays ours when the answer to it is lost: %s',
    async (kind) => {
      const story = await living();
      armRequest(story.simulator, {method: 'POST', path: /150\/status\/start/}, {kind});
      edit(story, {power: 'running'});
      await story.settle();
      await story.clock.sleep(5 * MINUTE);
      edit(story, {power: 'running', cpu: {cores: 4}});
      await settleAll(story);
      expect(await heldBy(story)).toEqual([]);
      expect(configOf(story)['cores']).toBe('4');
    },
  );

  it('is not held against us after the journal was put back or is new', async () => {
    const story = await living();
    edit(story, {cpu: {cores: 4}});
    await story.settle();
    const later = createStory(story.simulator, {files: FILES});
    edit(later, {cpu: {cores: 4}});
    await later.settle();
    await later.clock.sleep(5 * MINUTE);
    edit(later, {cpu: {cores: 3}});
    await later.settle();
    expect(await heldBy(later)).toEqual([]);
  });

  it('is asked about only before something is written', async () => {
    const story = await living();
    const asked = () => story.requests.filter((one) => one.includes('/cluster/log')).length;
    const before = asked();
    await story.settle();
    expect(asked()).toBe(before);
    edit(story, {cpu: {cores: 4}});
    await story.settle();
    expect(asked()).toBe(before + 1);
  });
});

/** A controller that has been at work for half an hour, with one stopped guest. */
async function living(): Promise<Story> {
  const story = createStory(demoCluster(), {files: FILES});
  await settleAll(story);
  await story.clock.sleep(30 * MINUTE);
  return story;
}

function edit(story: Story, patch: Parameters<typeof patched>[1]): void {
  story.files.set('vm.yaml', manifest(patched(OFF, patch)));
}

/** What holds the writes that a pass of the controller itself would make. */
async function heldBy(story: Story): Promise<readonly string[]> {
  const {report} = await story.pass();
  return report.verdicts.flatMap((verdict) =>
    verdict.reasons.map(({reason, detail}) => `${reason}: ${detail}`),
  );
}

/** One call with the controller's own token that the controller knows nothing of. */
function borrow({simulator}: Story, method: string, path: string, body: string): void {
  const headers = {
    authorization: `PVEAPIToken=pvegit@pve!controller=${demoSecret}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const request = {method, path: `/api2/json${path}`, headers, body};
  expect(handle(simulator, request, simulator.nowMs)).toMatchObject({kind: 'answer', status: 200});
}
