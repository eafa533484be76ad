// Why this exists: the state of a resource is what alerts and dashboards go by: who waits for a
// person must not look like who waits for its turn.
import {expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {DEFAULTS, manifest} from './guest.ts';
import {createStory} from './world.ts';

const FILES = {
  'house.yaml': DEFAULTS,
  // Nobody says how it is made.
  'stuck.yaml': manifest({vmid: 150, node: 'pve1', memory: '2GiB'}, {name: 'stuck'}),
  'next.yaml': manifest({vmid: 151, node: 'pve1', empty: {}, memory: '2GiB'}, {name: 'next'}),
};

it('who waits for a person is held, who waits for its turn is out of sync', async () => {
  const story = createStory(demoCluster(), {files: FILES});
  const {report} = await story.plan();
  const states = report.resources.map(({key, state, because}) => [key, state, because[0]?.reason]);
  expect(states).toEqual([
    ['guest/150', 'held', 'waiting'],
    ['guest/151', 'out_of_sync', undefined],
  ]);
});
