// Why this exists: the newcomer's hour was walked once with `localtime`; this is its last step: the
// field goes through the whole engine without any other room having been touched.
import {expect, test} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {createStory} from './world.ts';

const vm = (fields: string): string => `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: alpha}
spec: {vmid: 150, node: pve1, power: running, clone: {vmid: 100, full: true}, ${fields}}
`;

test('a field that only its kind knows is planned by risk, applied, reverted', async () => {
  const story = createStory(demoCluster(), {files: {'a.yaml': vm('memory: 1GiB')}});
  await story.settle();
  story.files.set('a.yaml', vm('memory: 1GiB, localtime: true'));
  const {report} = await story.plan();
  const [change] = report.plan?.actions.flatMap(({changes}) => changes) ?? [];
  expect(change).toMatchObject({field: 'localtime', to: true, risk: 'disruptive'});
  await story.settle();
  expect(story.simulator.guests.get(150)?.config.get('localtime')).toBe('1');
  expect((await story.plan()).report.plan?.actions.map(({verb}) => verb)).toEqual(['none']);
  story.files.set('a.yaml', vm('memory: 1GiB'));
  await story.settle();
  expect(story.simulator.guests.get(150)?.config.has('localtime')).toBe(false);
});
