// Why this exists: a lost journal must be noticed, and a first start must not look like one.
import {expect, test} from 'vitest';
import {openJournal} from '../../src/journal/journal.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {createStory} from './world.ts';

const ALPHA = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: alpha}
spec: {vmid: 150, node: pve1, power: stopped, clone: {vmid: 100, full: true}, memory: 1GiB}
`;
const BETA = ALPHA.replace('alpha', 'beta').replace('150', '151');

test('the journal of a first start is accepted by itself', async () => {
  const story = createStory(demoCluster(), {files: {'a.yaml': ALPHA}});
  expect(story.journal.accepted()).toBe(false);
  await story.settle();
  expect(story.journal.accepted()).toBe(true);
});

test('a new journal beside guests that are ours waits for a person', async () => {
  const simulator = demoCluster();
  const first = createStory(simulator, {files: {'a.yaml': ALPHA}});
  await first.settle();
  const random = {float: () => 0.5, bytes: (length: number) => new Uint8Array(length).fill(7)};
  const journal = openJournal({path: ':memory:', clock: first.clock, random});
  const second = createStory(simulator, {files: {'a.yaml': ALPHA, 'b.yaml': BETA}, journal});
  const {report} = await second.settle();
  expect(second.journal.accepted()).toBe(false);
  expect(report.journalIsNew).toBe(true);
});
