// Why this exists: what people ask of a controller is asked once, and is neither lost in a look at
// the plan nor with the process that took it up.
import {describe, expect, it} from 'vitest';
import {newMemory} from '../../src/reconcile/memory.ts';
import {takeRequests} from '../../src/reconcile/requests.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {approval, createStory} from './world.ts';

const GUEST = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: found}
spec:
  vmid: 150
  node: pve1
  memory: 1GiB
`;

function foundGuest() {
  const config = {
    name: 'found',
    memory: '1024',
    smbios1: 'uuid=5b1c6f2e-4c1d-4c55-9a55-1f0c3a9d5e22',
  };
  return demoCluster({guests: {150: {config}}});
}

describe('a request to adopt', () => {
  it('is still there after a pass that only looked', async () => {
    const simulator = foundGuest();
    const story = createStory(simulator, {files: {'found.yaml': GUEST}});
    story.journal.addRequest({kind: 'adopt', cluster: 'harness', key: 'guest/150'}, 0);
    await story.plan();
    expect(story.journal.hasRequests('harness')).toBe(true);
    await story.settle();
    expect(story.outcomes.map(({verb, result}) => `${verb} ${result}`)).toEqual(['adopt done']);
    expect(simulator.guests.get(150)?.config.get('description')).toContain('vmid=150');
  });
});

describe('an approval that was handed over', () => {
  /** A guest of ours whose manifest is gone, and a controller that died with the approval. */
  async function diedWithApproval(validMs: number) {
    const simulator = foundGuest();
    const before = createStory(simulator, {files: {'found.yaml': GUEST}});
    before.journal.addRequest({kind: 'adopt', cluster: 'harness', key: 'guest/150'}, 0);
    await before.settle();
    const files = {'defaults.yaml': DEFAULTS};
    const after = createStory(simulator, {files, journal: before.journal});
    const {report} = await after.plan();
    const held = report.plan?.actions.find(({verb}) => verb === 'delete');
    const now = after.clock.now();
    const given = {...approval(held?.fingerprint ?? '', now), expiresAt: now + validMs};
    after.journal.addRequest({kind: 'approve', cluster: 'harness', approval: given}, now);
    takeRequests({cluster: 'harness', journal: after.journal, applier: null}, newMemory());
    return {simulator, after};
  }

  it('is used by the controller that comes after the one that took it up and died', async () => {
    const {simulator, after} = await diedWithApproval(60_000);
    await after.settle();
    expect(simulator.guests.has(150)).toBe(false);
  });

  it('is worth nothing once it has run out', async () => {
    const {simulator, after} = await diedWithApproval(0);
    await after.settle();
    expect(simulator.guests.has(150)).toBe(true);
  });
});

const DEFAULTS = `apiVersion: pvegit/v1
kind: Defaults
metadata: {name: harness}
spec: {VirtualMachine: {node: pve1}}
`;
