// Why this exists: what the journal remembers must end when the guest has ended.
import {expect, test} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {createStory} from './world.ts';

const vm = (vmid: number, name: string): string => `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: ${name}}
spec: {vmid: ${vmid}, node: pve1, power: stopped, clone: {vmid: 100, full: true}, memory: 1GiB}
`;

test('a guest that was destroyed by hand and left Git is forgotten', async () => {
  const files = {'a.yaml': vm(150, 'alpha'), 'b.yaml': vm(151, 'beta')};
  const story = createStory(demoCluster(), {files});
  await story.settle();
  expect(
    story.journal
      .records('harness')
      .map(({key}) => key)
      .sort(),
  ).toEqual(['guest/150', 'guest/151']);
  story.simulator.guests.delete(151);
  story.files.delete('b.yaml');
  await story.settle();
  expect(story.journal.records('harness').map(({key}) => key)).toEqual(['guest/150']);
  expect(story.outcomes.every(({result}) => result === 'done')).toBe(true);
});

test('a pass over guests in sync writes nothing into the journal', async () => {
  const story = createStory(demoCluster(), {files: {'a.yaml': vm(150, 'alpha')}});
  await story.settle();
  await story.settle();
  const before = story.journal.records('harness');
  await story.clock.sleep(60_000);
  await story.settle();
  expect(story.journal.records('harness')).toEqual(before);
});
