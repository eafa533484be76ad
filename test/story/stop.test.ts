// Why this exists: who presses Ctrl-C gets the terminal back now, not when a clone of an hour has
// ended; Proxmox goes on with its task, and the next start with the rest.
import {expect, it} from 'vitest';
import type {Exchange} from '../../src/core/ports.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {manifest, NEO4J} from './guest.ts';
import {createStory} from './world.ts';

it('a one-shot run that is stopped does not wait for what it has begun', async () => {
  const abort = new AbortController();
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: async (request) => {
      const answer = await exchange.request(request);
      if (request.path.endsWith('/100/clone')) abort.abort();
      return answer;
    },
  });
  const story = createStory(demoCluster(), {files: {'vm.yaml': manifest(NEO4J)}, wrap});
  await story.settle(abort.signal);
  expect(story.outcomes).toEqual([]);
  expect(story.journal.openIntents('harness')).toHaveLength(1);
});
