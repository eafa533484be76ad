// Why this exists: while what became of a call is being found out, somebody may put another guest
// in the place of ours. Whatever is cleaned up then, that guest is not written to.
import {expect, it} from 'vitest';
import type {Exchange} from '../../src/core/ports.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {armRequest} from '../../src/simulator/faults.ts';
import {byHand, configure} from './by-hand.ts';
import {commit, DEFAULTS, manifest, NEO4J, patched, pendingOf, settleAll} from './guest.ts';
import {createStory, type Story} from './world.ts';

const STOPPED = patched(NEO4J, {power: 'stopped'});
const PATH = /qemu\/150\/config/;

it('a stranger in the place of our guest keeps what waits for its next start', async () => {
  let story: Story | null = null;
  let struck = false;
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: async (request) => {
      const answer = await exchange.request(request);
      const isLost = request.method === 'PUT' && PATH.test(request.path) && !answer.ok;
      if (story !== null && isLost && !struck) {
        struck = true;
        await replaceGuest(story);
      }
      return answer;
    },
  });
  story = createStory(demoCluster(), {
    files: {'house.yaml': DEFAULTS, 'vm.yaml': manifest(STOPPED)},
    wrap,
  });
  await settleAll(story);
  const before = story.requests.length;
  armRequest(story.simulator, {method: 'PUT', path: PATH}, {kind: 'cut-before'});
  commit(story, manifest(patched(STOPPED, {memory: '3GiB'})));
  await settleAll(story);
  expect(struck).toBe(true);
  const ours = story.requests.slice(before).filter((line) => line.startsWith('PUT'));
  expect(ours).toHaveLength(1);
  expect(pendingOf(story)).toEqual({memory: '4096'});
});

/** Alice deletes guest 150, makes one of her own there, starts it, and plans more memory for it. */
async function replaceGuest(story: Story): Promise<void> {
  const {simulator, clock} = story;
  byHand(story, 'DELETE', '/nodes/pve1/qemu/150');
  while (simulator.guests.has(150)) await clock.sleep(500);
  byHand(story, 'POST', '/nodes/pve1/qemu', {vmid: 150, name: 'hers', memory: 1024});
  while (simulator.guests.get(150)?.config.get('lock') !== undefined) await clock.sleep(500);
  await clock.sleep(2_000);
  byHand(story, 'POST', '/nodes/pve1/qemu/150/status/start');
  await clock.sleep(5_000);
  configure(story, {memory: 4096});
}
