// Why this exists: other people work on the same nodes with the same templates; their tasks are not
// ours, whatever they are called, and evidence that could not be read is none.
import {describe, expect, it} from 'vitest';
import type {Exchange} from '../../src/core/ports.ts';
import {err, ok} from '../../src/core/result.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {byHand} from './by-hand.ts';
import {DEFAULTS, manifest, NEO4J, open, patched, settleAll} from './guest.ts';
import {approval, createStory, type Story} from './world.ts';

const STOPPED = patched(NEO4J, {power: 'stopped'});

describe('a call that was cut off', () => {
  it("is not taken for done because another's task of the same sort ran then", async () => {
    let story: Story | null = null;
    let cut = false;
    const wrap = (exchange: Exchange): Exchange => ({
      ...exchange,
      request: async (request) => {
        if (cut || story === null || !request.path.endsWith('/100/clone')) {
          return exchange.request(request);
        }
        cut = true;
        byHand(story, 'POST', '/nodes/pve1/qemu/100/clone', {newid: 300, full: 1});
        return err({kind: 'cut', sent: 'maybe', message: 'the connection was cut'});
      },
    });
    story = createStory(demoCluster(), {files: {'vm.yaml': manifest(STOPPED)}, wrap});
    await settleAll(story);
    expect(story.outcomes.map(({verb, result}) => `${verb} ${result}`)).toEqual(['create done']);
    expect([...story.simulator.guests.keys()]).toEqual([100, 300, 150]);
  });
});

describe('evidence', () => {
  it('that lacks the guest is none: nothing is destroyed without', async () => {
    let reads = 10;
    const saved: string[] = [];
    const wrap = (exchange: Exchange): Exchange => ({
      ...exchange,
      request: async (request) => {
        if (!request.path.endsWith('/qemu/150/pending')) return exchange.request(request);
        reads += 1;
        // The first read is the plan's, the second that of the evidence.
        if (reads !== 2) return exchange.request(request);
        return ok({status: 500, reason: 'got timeout', headers: {}, body: '{"data":null}'});
      },
    });
    const save = async (name: string) => {
      saved.push(name);
      return ok(name);
    };
    const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(STOPPED)};
    const story = createStory(demoCluster(), {files, wrap, evidence: {save}});
    await settleAll(story);
    story.files.delete('vm.yaml');
    const held = (await open(story)).find(({verb}) => verb === 'delete');
    story.approvals = [approval(held?.fingerprint ?? '', story.clock.now())];
    reads = 0;
    await story.settle();
    expect(story.outcomes.at(-1)).toMatchObject({
      result: 'skipped',
      because: 'evidence: /nodes/pve1/qemu/150/pending: got timeout',
    });
    expect(saved).toEqual([]);
    expect(story.simulator.guests.has(150)).toBe(true);
    await story.clock.sleep(60_000);
    await story.settle();
    expect(saved).toHaveLength(1);
  });
});
