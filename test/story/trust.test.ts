// Why this exists: what a person must be able to rely on while things go wrong around the
// controller: untrusted commits, other hands, failing tasks, a lost journal, its own guest.
import {describe, expect, it} from 'vitest';
import type {Revision} from '../../src/core/model.ts';
import type {Exchange} from '../../src/core/ports.ts';
import {err, ok} from '../../src/core/result.ts';
import {acceptName} from '../../src/reconcile/follow.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {armRequest, armTask} from '../../src/simulator/faults.ts';
import {configure} from './by-hand.ts';
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
  reasons,
  SECRET,
  type Spec,
  settleAll,
} from './guest.ts';
import {failing, halfWay} from './half-way.ts';
import {createStory, EAGER, type Story, type StoryOptions} from './world.ts';

const STOPPED = patched(NEO4J, {power: 'stopped'});
const RUNNING = patched(NEO4J, {power: 'running'});
const EDITED = patched(STOPPED, {cpu: {cores: 4}});

describe('a commit that is not to be trusted', () => {
  it('a rewritten or unrelated commit changes nothing until a person accepts it', async () => {
    let ancestry: Revision['ancestry'] | null = null;
    const fetched = (one: Revision) => ok(ancestry === null ? one : {...one, ancestry});
    const story = await begin(STOPPED, {fetched});
    for (const odd of ['rewritten', 'unknown'] as const) {
      ancestry = odd;
      story.files.delete('vm.yaml');
      expect(await settleAll(story)).toEqual([]);
      commit(story, manifest(EDITED));
      expect(await settleAll(story)).toEqual([]);
      expect(await problem(story)).toMatch(/does not descend .*pvegit source accept infra/s);
    }
    const {report} = await story.plan();
    const [, wanted] =
      /source accept infra (\w+)/.exec(report.sources[0]?.error?.remedy ?? '') ?? [];
    story.journal.setValue(acceptName('infra'), wanted ?? '');
    expect(await settleAll(story)).toEqual(['update']);
  });

  it('a rewritten history that was accepted once is not the way back to that commit', async () => {
    let ancestry: Revision['ancestry'] = 'descendant';
    const story = await begin(STOPPED, {fetched: (one) => ok({...one, ancestry})});
    const later = manifest(patched(STOPPED, {cpu: {cores: 8}}));
    ancestry = 'rewritten';
    commit(story, manifest(EDITED));
    const {report} = await story.plan();
    const [, wanted] =
      /source accept infra (\w+)/.exec(report.sources[0]?.error?.remedy ?? '') ?? [];
    story.journal.setValue(acceptName('infra'), wanted ?? '');
    expect(await settleAll(story)).toEqual(['update']);
    ancestry = 'descendant';
    commit(story, later);
    expect(await settleAll(story)).toEqual(['update']);
    ancestry = 'rewritten';
    commit(story, manifest(EDITED));
    expect(await settleAll(story)).toEqual([]);
    expect(configOf(story)['cores']).toBe('8');
    expect(await problem(story)).toMatch(/does not descend .*pvegit source accept infra/s);
  });

  it('a commit whose signature is bad changes nothing, and the reason is shown', async () => {
    let bad = false;
    const signature = {kind: 'bad', because: 'no principal matched'} as const;
    const fetched = (one: Revision) => ok(bad ? {...one, signature} : one);
    const story = await begin(STOPPED, {fetched});
    bad = true;
    commit(story, manifest(EDITED));
    expect(await settleAll(story)).toEqual([]);
    story.files.delete('vm.yaml');
    expect(await settleAll(story)).toEqual([]);
    expect(await problem(story)).toMatch(/is not trusted: no principal matched.*Sign the commit/s);
    expect(story.simulator.guests.has(150)).toBe(true);
  });
});

describe('other hands', () => {
  it('a suspended guest is left alone until the suspension lapses', async () => {
    const story = await begin(STOPPED);
    const expiresAt = story.clock.now() + 3_600_000;
    const pause = {cluster: 'harness', key: 'guest/150', reason: 'audit', owner: 'ann'};
    story.journal.suspend({...pause, since: story.clock.now(), expiresAt});
    commit(story, manifest(EDITED));
    expect(await settleAll(story)).toEqual([]);
    expect(await reasons(story)).toEqual([expect.stringMatching(/^suspended: .*ann: audit/)]);
    await story.clock.sleep(3_600_001);
    expect(await settleAll(story)).toEqual(['update']);
  });

  it('a field that keeps being changed back is corrected three times an hour', async () => {
    const story = await begin(STOPPED);
    for (let round = 0; round < 6; round += 1) {
      configure(story, {cores: 8});
      await story.settle();
      await story.clock.sleep(60_000);
    }
    expect(story.outcomes.filter(({verb}) => verb === 'update')).toHaveLength(3);
    expect(configOf(story)['cores']).toBe('8');
    expect((await reasons(story)).join()).toMatch(/^contested: cpu.cores was corrected 3 times/);
    await story.clock.sleep(3_600_000);
    await story.settle();
    expect(configOf(story)['cores']).toBe('2');
  });

  it('a change by another hand between plan and call ends the action', async () => {
    let story: Story | null = null;
    let armed = false;
    const wrap = (exchange: Exchange): Exchange => ({
      ...exchange,
      request: (request) => {
        if (armed && request.method === 'PUT' && request.path.includes('/config')) {
          armed = false;
          if (story !== null) configure(story, {onboot: 1});
        }
        return exchange.request(request);
      },
    });
    story = await begin(STOPPED, {wrap});
    armed = true;
    commit(story, manifest(EDITED));
    const before = story.outcomes.length;
    await story.settle();
    expect(story.outcomes.slice(before).map(({result}) => result)).toEqual(['interrupted', 'done']);
    expect(configOf(story)).toMatchObject({cores: '4', onboot: '1'});
  });
});

describe('what fails', () => {
  it('a task that fails fails its action, which is tried again later', async () => {
    const story = await begin(STOPPED);
    const fault = {kind: 'fails', text: 'no memory', when: 'start'} as const;
    armTask(story.simulator, {type: 'qmstart', times: 99}, fault);
    commit(story, manifest(patched(RUNNING, {tags: ['a']})));
    const told = await settleAll(story);
    expect(new Set(told)).toEqual(new Set([expect.stringMatching(/^update failed: .*no memory/)]));
    expect(configOf(story)['tags']).toBe('a');
    expect(guestOf(story).runtime).toBeUndefined();
    expect((await reasons(story)).join()).toMatch(/^cool-down: it failed: .*no memory/);
    story.simulator.faults.tasks.length = 0;
    await story.clock.sleep(3_600_000);
    expect(await settleAll(story)).toEqual(['update']);
    expect(guestOf(story).runtime).toBeDefined();
  });

  it('a commit that mends a failing action is taken up at once', async () => {
    const story = await begin(STOPPED, {wrap: halfWay});
    commit(story, manifest(failing(STOPPED)));
    expect(await settleAll(story)).toEqual([expect.stringMatching(/^update failed: .*vIOMMU/)]);
    const failedAt = story.clock.now();
    commit(story, manifest(patched(STOPPED, {config: {machine: 'q35'}})));
    expect(await settleAll(story)).toEqual(['update']);
    expect(story.clock.now() - failedAt).toBeLessThan(30_000);
  });

  it('a poison document and a failing guest do not stop the others', async () => {
    const story = await begin(STOPPED);
    const poisoned = {method: 'POST', path: /qemu\/100\/clone/, times: 1};
    armRequest(story.simulator, poisoned, {kind: 'answer', status: 500, reason: 'no space'});
    story.files.set('a.yaml', manifest({...MEMBER, vmid: 151}, {name: 'unlucky'}));
    story.files.set('b.yaml', 'kind: [');
    story.files.set('c.yaml', manifest({...MEMBER, vmid: 152}, {name: 'lucky'}));
    commit(story, manifest(EDITED));
    await settleAll(story);
    expect(configOf(story)['cores']).toBe('4');
    expect(story.simulator.guests.has(151)).toBe(false);
    expect(story.simulator.guests.has(152)).toBe(true);
    await story.clock.sleep(3_600_000);
    await settleAll(story);
    expect(story.simulator.guests.has(151)).toBe(true);
  });

  it('without evidence nothing is interrupted or destroyed', async () => {
    let full = false;
    const save = async (name: string) => (full ? err({message: 'the disk is full'}) : ok(name));
    const story = await begin(RUNNING, {evidence: {save}});
    full = true;
    const startedAt = guestOf(story).runtime?.startedAtMs;
    commit(story, manifest(patched(RUNNING, {cpu: {cores: 4}})));
    await settleAll(story);
    expect(guestOf(story).runtime?.startedAtMs).toBe(startedAt);
    story.files.delete('vm.yaml');
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(true);
    expect((await reasons(story)).join()).toMatch(/evidence: .*the disk is full/);
    full = false;
    await story.clock.sleep(3_600_000);
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(false);
  });
});

describe('the controller itself', () => {
  it('our own guest is neither cycled nor deleted, approved or not', async () => {
    const story = await begin(RUNNING, {selfVmid: 150});
    const startedAt = guestOf(story).runtime?.startedAtMs;
    commit(story, manifest(patched(RUNNING, {cpu: {cores: 4}, tags: ['mine']})));
    await settleAll(story);
    expect(configOf(story)).toMatchObject({cores: '2', tags: 'mine'});
    expect(guestOf(story).runtime?.startedAtMs).toBe(startedAt);
    story.files.delete('vm.yaml');
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(true);
    const {report} = await story.plan();
    const verdict = report.verdicts.find(({key}) => key === 'guest/150');
    expect(verdict).toMatchObject({verdict: 'refuse', reasons: [{reason: 'self'}]});
  });

  it('after the journal is lost, guests that are as declared are taken up, untouched', async () => {
    const first = await begin(STOPPED);
    const before = configOf(first);
    const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(EDITED)};
    const story = createStory(first.simulator, {files});
    expect(await settleAll(story)).toEqual([]);
    expect((await reasons(story)).join()).toMatch(/^no-record: .*cpu.cores differ/);
    story.files.delete('vm.yaml');
    expect(await settleAll(story)).toEqual([]);
    commit(story, manifest(STOPPED));
    expect(await settleAll(story)).toEqual([]);
    expect(configOf(story)).toEqual(before);
    commit(story, manifest(EDITED));
    expect(await settleAll(story)).toEqual(['update']);
  });

  it('every change stands in the audit log with its commit and its approver', async () => {
    const story = await begin(STOPPED);
    story.files.delete('vm.yaml');
    await settleAll(story);
    const entries = story.journal.audit({cluster: 'harness', limit: 10});
    const told = entries.map(({what, result}) => `${what} ${result}`);
    expect(told).toEqual(['delete done', 'create done']);
    expect(entries[0]).toMatchObject({
      what: 'delete',
      author: 'tester',
      approver: 'tester (terminal)',
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      upid: expect.stringMatching(/^UPID:pve1:.*:qmdestroy:150:/),
      before: {power: 'stopped'},
    });
  });
});

describe('time', () => {
  it('outside of its window nothing is cycled; when it opens the work is caught up', async () => {
    const nightly = {
      kind: 'allow',
      classes: ['disruptive'],
      schedule: '0 2 * * *',
      timeZone: 'UTC',
      durationMs: 3_600_000,
    } as const;
    const policy = {...EAGER, disruptive: 'window', windows: [nightly]} as const;
    const story = await begin(RUNNING, {policy});
    commit(story, manifest(patched(RUNNING, {cpu: {cores: 4}})));
    expect(await settleAll(story)).toEqual([]);
    expect(await reasons(story)).toEqual([expect.stringMatching(/^window: .* 02:00 UTC/)]);
    await story.clock.sleep(18.5 * 3_600_000);
    expect(await settleAll(story)).toEqual(['update']);
    expect(configOf(story)['cores']).toBe('4');
  });
});

describe('a secret', () => {
  it('a secret is nowhere but in the request that sets it', async () => {
    const sent: string[] = [];
    const wrap = (exchange: Exchange): Exchange => ({
      ...exchange,
      request: (request) => {
        sent.push(JSON.stringify(request));
        return exchange.request(request);
      },
    });
    const saved: string[] = [];
    const evidence: StoryOptions['evidence'] = {
      save: async (name, content) => {
        saved.push(JSON.stringify(content));
        return ok(name);
      },
    };
    const password = {secretRef: {name: 'harness', key: 'password'}};
    const spec = patched(RUNNING, {cloudInit: {user: 'dmg', password}});
    const story = createStory(demoCluster(), {files: {'vm.yaml': manifest(spec)}, wrap, evidence});
    story.files.set('secret.yaml', SECRET);
    story.secrets.set('harness.password', 'correct-horse-1');
    await settleAll(story);
    await settleAll(story);
    story.secrets.set('harness.password', 'correct-horse-2');
    expect(await openLines(story)).toEqual([expect.stringMatching(/cloudInit.password/)]);
    const shown = JSON.stringify((await story.plan()).report);
    await settleAll(story);
    const kept = [
      shown,
      ...saved,
      JSON.stringify((await story.plan()).report),
      JSON.stringify(story.outcomes),
      JSON.stringify(story.journal.records('harness')),
      JSON.stringify(story.journal.audit({cluster: 'harness', limit: 100})),
    ].join('\n');
    expect(kept).not.toContain('correct-horse');
    expect(sent.filter((request) => request.includes('correct-horse'))).toHaveLength(2);
    expect(await open(story)).toEqual([]);
  });
});

const MEMBER: Spec = {node: 'pve1', power: 'stopped', clone: {vmid: 100}, memory: '1GiB'};

async function begin(spec: Spec, options: Omit<StoryOptions, 'files'> = {}): Promise<Story> {
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(spec)};
  const story = createStory(demoCluster(), {...options, files});
  await settleAll(story);
  await settleAll(story);
  expect(await openLines(story)).toEqual([]);
  story.outcomes.length = 0;
  return story;
}

async function problem(story: Story): Promise<string> {
  const {report} = await story.plan();
  return JSON.stringify(report.sources[0]?.error);
}
