// Why this exists: a deletion is approved for what it loses, so all of that must be named and be
// the same a moment later.
import {expect, test} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {approval, createStory} from './world.ts';

const vm = (vmid: number, name: string): string => `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: ${name}}
spec: {vmid: ${vmid}, node: pve1, power: running, clone: {vmid: 100, full: true}, memory: 1GiB}
`;

test('a deletion names the run state, the volumes and the snapshots that go', async () => {
  const files = {'a.yaml': vm(150, 'alpha'), 'b.yaml': vm(151, 'beta')};
  const story = createStory(demoCluster(), {files});
  await story.settle();
  const guest = story.simulator.guests.get(151);
  guest?.snapshots.set('before-upgrade', new Map([['snaptime', '1767600000']]));
  story.files.delete('b.yaml');
  const {report} = await story.plan();
  const action = report.plan?.actions.find(({verb}) => verb === 'delete');
  expect(action?.risk).toBe('destructive');
  expect(action?.facts).toMatchObject({power: 'running', snapshots: ['before-upgrade']});
  expect(JSON.stringify(action?.facts['volumes'])).toContain('vm-151-disk-0');
});

test('an approval of one state covers no other: a new snapshot needs a new one', async () => {
  const files = {'a.yaml': vm(150, 'alpha'), 'b.yaml': vm(151, 'beta')};
  const story = createStory(demoCluster(), {files});
  await story.settle();
  story.files.delete('b.yaml');
  const {report} = await story.plan();
  const action = report.plan?.actions.find(({verb}) => verb === 'delete');
  story.approvals = [approval(action?.fingerprint ?? '', story.clock.now())];
  story.simulator.guests.get(151)?.snapshots.set('late', new Map([['snaptime', '1767600000']]));
  await story.settle();
  expect(story.simulator.guests.has(151)).toBe(true);
});
