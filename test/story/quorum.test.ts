// Why this exists: where several people must approve, each approval is for one deed: none of them
// is left over for the next one, and whose is missing or does not count is said.
import {describe, expect, it} from 'vitest';
import type {Approval} from '../../src/core/action.ts';
import type {Policy} from '../../src/core/policy.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {armTask} from '../../src/simulator/faults.ts';
import {DEFAULTS, manifest, NEO4J, open, patched, reasons, settleAll} from './guest.ts';
import {approval, createStory, EAGER, type Story} from './world.ts';

const STOPPED = patched(NEO4J, {power: 'stopped'});
const TWO: Policy['destructive'] = {
  kind: 'approval',
  quorum: 2,
  notAuthor: false,
  terminal: true,
};

describe('a quorum of two', () => {
  it('needs two people, and says who has approved so far', async () => {
    const story = await leaving(TWO);
    story.approvals = [await by(story, 'ann', 'a'), await by(story, 'ann', 'b')];
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(true);
    expect((await reasons(story)).join()).toMatch(/^approval: .* by 2 people; so far by ann$/);
    story.approvals.push(await by(story, 'bob', 'c'));
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(false);
    expect(story.journal.audit({limit: 1})[0]?.approver).toBe('ann (terminal), bob (terminal)');
  });

  it('spends both: neither counts for another try', async () => {
    const story = await leaving(TWO);
    armTask(
      story.simulator,
      {type: 'qmdestroy', times: 1},
      {
        kind: 'fails',
        text: 'storage is busy',
        when: 'start',
      },
    );
    story.approvals = [await by(story, 'ann', 'a'), await by(story, 'bob', 'b')];
    await story.settle();
    expect(story.outcomes.at(-1)).toMatchObject({verb: 'delete', result: 'failed'});
    await story.clock.sleep(600_000);
    story.approvals.push(await by(story, 'cid', 'c'));
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(true);
    expect((await reasons(story)).join()).toMatch(
      /so far by cid; that of ann .* it was used; .*bob/,
    );
  });

  it('holds for a set as for a single action', async () => {
    const policy = {...EAGER, destructive: TWO, blastRadius: {actions: 0, guestsPercent: 0}};
    const story = await leaving(TWO, policy);
    const {report} = await story.plan();
    const set = report.plan?.setFingerprint ?? '';
    story.approvals = [
      await by(story, 'ann', 'a'),
      await by(story, 'bob', 'b'),
      {...(await by(story, 'ann', 'c')), fingerprint: set},
    ];
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(true);
    expect((await reasons(story)).join()).toMatch(/^blast-radius: /);
    story.approvals.push({...(await by(story, 'bob', 'd')), fingerprint: set});
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(false);
  });
});

it('an approval that may be of the author does not count, and that is said', async () => {
  const story = await leaving({...TWO, quorum: 1, notAuthor: true});
  story.approvals = [await by(story, 'ann', 'a')];
  await story.settle();
  expect(story.simulator.guests.has(150)).toBe(true);
  expect((await reasons(story)).join()).toMatch(/that of ann does not count: .*notAuthor/);
});

/** A guest of ours whose manifest has just left Git. */
async function leaving(
  destructive: Policy['destructive'],
  policy: Policy = {...EAGER, destructive},
): Promise<Story> {
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(STOPPED)};
  const story = createStory(demoCluster(), {files, policy});
  await settleAll(story);
  story.files.delete('vm.yaml');
  return story;
}

/** A person's approval of the deletion as it is planned now. */
async function by(story: Story, principal: string, id: string): Promise<Approval> {
  const held = (await open(story)).find(({verb}) => verb === 'delete');
  return {...approval(held?.fingerprint ?? '', story.clock.now()), principal, id};
}
