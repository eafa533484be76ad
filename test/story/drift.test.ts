// Why this exists: who moved decides what happens: Git (pending), the cluster (drift), both
// (conflict), or nobody that could be asked; and a person, a lock or HA keeps the hand away.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {byHand, configure} from './by-hand.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  guestOf,
  manifest,
  NEO4J,
  open,
  openLines,
  patched,
  pendingOf,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, EAGER, type Story} from './world.ts';

describe('a difference', () => {
  it('is pending when Git moved, drift when the cluster moved, and both converge', async () => {
    const story = await begin({power: 'stopped', tags: ['a']});
    commit(story, text({power: 'stopped', tags: ['b']}));
    configure(story, {cores: 8});
    const causes = (await open(story)).map(({cause, changes}) => [cause, changes[0]?.field]);
    expect(causes).toEqual([
      ['pending', 'tags'],
      ['drift', 'cpu.cores'],
    ]);
    await settleAll(story);
    expect(configOf(story)).toMatchObject({tags: 'b', cores: '2'});
    expect(await quiet(story)).toEqual([]);
  });

  it('is a conflict when both moved, and waits for a person', async () => {
    const story = await begin({power: 'stopped'});
    commit(story, text({power: 'stopped', cpu: {cores: 4}}));
    configure(story, {cores: 8});
    await story.settle();
    expect((await reasons(story)).join()).toMatch(/conflict: /);
    expect(configOf(story)['cores']).toBe('8');
    await story.approveAll();
    expect(configOf(story)['cores']).toBe('8');
    configure(story, {cores: 4});
    expect(await quiet(story)).toEqual([]);
  });

  it('of a field that Git does not name is none', async () => {
    const story = await begin({power: 'stopped'});
    configure(story, {
      shares: 500,
      tags: 'by-hand',
      scsi3: 'local-lvm:1',
      net3: 'e1000,bridge=vmbr0',
    });
    expect(await quiet(story)).toEqual([]);
    configure(story, {net0: `${configOf(story)['net0']},link_down=1`});
    expect(await quiet(story)).toEqual([]);
  });

  it('is only shown where drift is to be reported', async () => {
    const policy = {...EAGER, drift: {benign: 'report', disruptive: 'report'}} as const;
    const story = createStory(demoCluster(), {files: {'vm.yaml': text({})}, policy});
    await settleAll(story);
    configure(story, {cores: 8});
    await story.settle();
    expect(configOf(story)['cores']).toBe('8');
    expect((await reasons(story)).length).toBeGreaterThan(0);
  });

  it('of power waits ten minutes, and longer while somebody else stopped the guest', async () => {
    const story = await begin({power: 'running'});
    byHand(story, 'POST', '/nodes/pve1/qemu/150/status/stop');
    await story.clock.sleep(30_000);
    await story.settle();
    expect((await reasons(story)).join()).toMatch(/ten minutes/);
    await story.clock.sleep(11 * 60_000);
    await story.settle();
    expect(guestOf(story).runtime).toBeUndefined();
    expect((await reasons(story)).length).toBeGreaterThan(0);
  });
});

describe('a change that waits for a stop and start', () => {
  it('waits for an approval where the policy says so, and nothing is written before', async () => {
    const policy = {...EAGER, disruptive: 'approval'} as const;
    const files = {'vm.yaml': text({power: 'running'})};
    const story = createStory(demoCluster(), {files, policy});
    await settleAll(story);
    commit(story, text({power: 'running', cpu: {cores: 4}, tags: ['x']}));
    await story.settle();
    expect(configOf(story)).toMatchObject({cores: '2', tags: 'x'});
    expect(pendingOf(story)).toEqual({});
    const startedAt = guestOf(story).runtime?.startedAtMs;
    await story.approveAll();
    expect(configOf(story)['cores']).toBe('4');
    expect(guestOf(story).runtime?.startedAtMs).not.toBe(startedAt);
    expect(await quiet(story)).toEqual([]);
  });

  it('left by somebody else with the wanted value is one disruptive change', async () => {
    const story = await begin({power: 'running'});
    commit(story, text({power: 'running', cpu: {cores: 4}}));
    configure(story, {cores: 4});
    expect(pendingOf(story)).toEqual({cores: '4'});
    expect(await openLines(story)).toEqual(['update disruptive: cpu.cores']);
    await settleAll(story);
    expect(pendingOf(story)).toEqual({});
    expect(configOf(story)['cores']).toBe('4');
    expect(await quiet(story)).toEqual([]);
  });

  it('left by somebody else with another value is dropped, which is benign', async () => {
    const story = await begin({power: 'running'});
    configure(story, {cores: 8});
    const startedAt = guestOf(story).runtime?.startedAtMs;
    expect(await openLines(story)).toEqual(['update benign: cpu.cores']);
    await settleAll(story);
    expect(pendingOf(story)).toEqual({});
    expect(configOf(story)['cores']).toBe('2');
    expect(guestOf(story).runtime?.startedAtMs).toBe(startedAt);
    expect(await quiet(story)).toEqual([]);
  });
});

describe('the hand stays away', () => {
  it('while the guest carries the tag pvegit-hold', async () => {
    const story = await begin({power: 'stopped'});
    configure(story, {tags: 'pvegit-hold'});
    commit(story, text({power: 'stopped', cpu: {cores: 4}}));
    await settleAll(story);
    expect(configOf(story)['cores']).toBe('2');
    expect((await reasons(story)).join()).toMatch(/suspended: it carries the tag pvegit-hold/);
    byHand(story, 'PUT', '/nodes/pve1/qemu/150/config', {delete: 'tags'});
    await settleAll(story);
    expect(configOf(story)['cores']).toBe('4');
  });

  it('while Proxmox holds a lock on it', async () => {
    const story = await begin({power: 'stopped'});
    guestOf(story).config.set('lock', 'backup');
    commit(story, text({power: 'stopped', cpu: {cores: 4}}));
    await settleAll(story);
    expect(configOf(story)['cores']).toBe('2');
    expect((await reasons(story)).join()).toMatch(/locked: .*backup/);
    guestOf(story).config.delete('lock');
    await settleAll(story);
    expect(configOf(story)['cores']).toBe('4');
  });

  it('of power and deletion while HA is in charge, but not of configuration', async () => {
    const story = await begin({power: 'stopped'});
    byHand(story, 'POST', '/cluster/ha/resources', {sid: 'vm:150', state: 'stopped'});
    commit(story, text({power: 'stopped', shares: 900}));
    await story.clock.sleep(60_000);
    await settleAll(story);
    expect(configOf(story)['shares']).toBe('900');
    commit(story, text({power: 'running', shares: 800}));
    await settleAll(story);
    expect(configOf(story)['shares']).toBe('800');
    expect(guestOf(story).runtime).toBeUndefined();
    expect((await reasons(story)).join()).toMatch(/ha-managed: /);
    story.files.set('other.yaml', DEFAULTS);
    story.files.delete('vm.yaml');
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(true);
    expect((await reasons(story)).join()).toMatch(/ha-managed: /);
  });

  it('when the marker is gone, and when another guest has the VMID', async () => {
    const story = await begin({power: 'stopped'});
    const description = configOf(story)['description'] ?? '';
    byHand(story, 'PUT', '/nodes/pve1/qemu/150/config', {delete: 'description'});
    commit(story, text({power: 'stopped', cpu: {cores: 4}}));
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/marker-missing: /);
    configure(story, {description, smbios1: 'uuid=11111111-2222-4333-8444-555555555555'});
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/identity-changed: /);
    expect(configOf(story)['cores']).toBe('2');
  });
});

function text(changes: Spec): string {
  return manifest(patched(NEO4J, changes));
}

async function begin(changes: Spec): Promise<Story> {
  const story = createStory(demoCluster(), {files: {'vm.yaml': text(changes)}});
  await settleAll(story);
  expect(await quiet(story)).toEqual([]);
  return story;
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
