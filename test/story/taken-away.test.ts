// Why this exists: rights go while a controller works: a role is changed, a token deleted, a user
// disabled, between plan and call, between two calls, between a call and the look at it. What stays
// half done is said and finished later, nothing is tried blindly, and a list that has become empty
// is no sign that anything is gone.
import {describe, expect, it} from 'vitest';
import type {Exchange, ExchangeRequest} from '../../src/core/ports.ts';
import {demoCluster, grant} from '../../src/simulator/build.ts';
import {allPrivileges} from '../../src/simulator/privileges.ts';
import type {ApiToken} from '../../src/simulator/state.ts';
import {
  configOf,
  DEFAULTS,
  guestOf,
  manifest,
  NEO4J,
  patched,
  pendingOf,
  type Spec,
  settleAll,
} from './guest.ts';
import {approval, createStory, type Story} from './world.ts';

const HOUR = 3_600_000;
const RUNNING = patched(NEO4J, {power: 'running'});
const {power: _, ...UNDECLARED} = RUNNING;
const CONFIG = 'PUT /api2/json/nodes/pve1/qemu/150/config';
const SHUTDOWN = 'POST /api2/json/nodes/pve1/qemu/150/status/shutdown';
const CLONE = 'POST /api2/json/nodes/pve1/qemu/100/clone';
const DESTROY = 'DELETE /api2/json/nodes/pve1/qemu/150';
const START = 'POST /api2/json/nodes/pve1/qemu/150/status/start';

describe('a privilege that is gone', () => {
  it('between plan and call: the refusal names it, and it is tried again with pauses', async () => {
    const {story, rightBefore} = await living(RUNNING);
    rightBefore(CONFIG, () => take(story, 'VM.Config.CPU'));
    commit(story, {cpu: {cores: 4}});
    await story.settle();
    expect(last(story)).toMatch(/^update failed: .*VM\.Config\.CPU/);
    expect(pendingOf(story)).toEqual({});
    expect(writes(story, CONFIG)).toBe(1);
    for (let minute = 0; minute < 60; minute += 1) {
      await story.clock.sleep(60_000);
      await story.settle();
    }
    expect(writes(story, CONFIG)).toBeLessThan(8);
    give(story);
    await story.clock.sleep(HOUR);
    await settleAll(story);
    expect(configOf(story)['cores']).toBe('4');
    expect(await left(story)).toEqual([]);
  });

  it('between the write and the shutdown: what waits is said, the guest runs', async () => {
    const {story, rightBefore} = await living(UNDECLARED);
    rightBefore(SHUTDOWN, () => take(story, 'VM.PowerMgmt'));
    commit(story, {cpu: {cores: 4}}, UNDECLARED);
    await story.settle();
    expect(last(story)).toMatch(/failed: .*VM\.PowerMgmt/);
    expect(guestOf(story).runtime).toBeDefined();
    expect(pendingOf(story)).toEqual({cores: '4'});
    give(story);
    await story.clock.sleep(HOUR);
    await settleAll(story);
    expect(guestOf(story).runtime).toBeDefined();
    expect(pendingOf(story)).toEqual({});
    expect(configOf(story)['cores']).toBe('4');
  });

  it('between the shutdown and the start: the start is owed, said, and made later', async () => {
    const {story, rightBefore} = await living(UNDECLARED);
    rightBefore(START, () => take(story, 'VM.PowerMgmt'));
    commit(story, {cpu: {cores: 4}}, UNDECLARED);
    await story.settle();
    expect(last(story)).toMatch(/failed: .*VM\.PowerMgmt/);
    expect(guestOf(story).runtime).toBeUndefined();
    expect(story.journal.records('harness').find(({key}) => key === 'guest/150')).toMatchObject({
      owesStart: true,
    });
    await story.clock.sleep(10_000);
    expect(await left(story)).toEqual(['update power']);
    // Also when nobody wants anything any more.
    commit(story, {}, UNDECLARED);
    give(story);
    await story.clock.sleep(HOUR);
    await story.settle();
    expect(guestOf(story).runtime).toBeDefined();
  });

  it('between the shutdown and the destroy: it is there, and a new yes is asked for', async () => {
    const {story, rightBefore} = await living(RUNNING);
    rightBefore(DESTROY, () => take(story, 'VM.Allocate'));
    story.files.delete('vm.yaml');
    await approveDeletion(story);
    expect(last(story)).toMatch(/^delete failed: .*VM\.Allocate/);
    expect(story.simulator.guests.has(150)).toBe(true);
    expect(destroyed(story)).toEqual([]);
    give(story);
    await story.clock.sleep(HOUR);
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(true);
    await approveDeletion(story);
    expect(destroyed(story)).toHaveLength(1);
  });
});

describe('the right to look that is gone', () => {
  it.each<[string, (story: Story) => void]>([
    ['the role lacks VM.Audit', (story) => take(story, 'VM.Audit')],
    ['the role is empty', (story) => take(story, '*')],
    ['NoAccess stands on this guest alone', shutOut('/vms/150')],
    ['NoAccess stands on all guests', shutOut('/vms')],
  ])('%s: guests that vanish are neither gone nor made anew', async (_why, away) => {
    const {story} = await living(RUNNING);
    const records = story.journal.records('harness');
    away(story);
    const sent = story.requests.filter((one) => !one.startsWith('GET')).length;
    await story.settle();
    story.files.delete('vm.yaml');
    await story.settle();
    const {report} = await story.plan();
    const deletion = report.plan?.actions.find(({verb}) => verb === 'delete');
    expect(deletion).toBeUndefined();
    expect(report.plan?.actions.map(({verb}) => verb)).not.toContain('create');
    expect(story.requests.filter((one) => !one.startsWith('GET')).length).toBe(sent);
    expect(story.journal.records('harness')).toEqual(records);
    story.files.set('vm.yaml', manifest(RUNNING));
    give(story);
    await story.settle();
    expect(await left(story)).toEqual([]);
    expect(story.journal.records('harness')).toEqual(records);
  });

  it('right after a guest was made: it is found again, and made once', async () => {
    const {story, rightAfter} = begin(RUNNING);
    rightAfter(CLONE, () => take(story, 'VM.Audit'));
    await story.settle();
    await story.clock.sleep(10 * 60_000);
    await story.settle();
    give(story);
    await story.clock.sleep(2 * HOUR);
    await settleAll(story);
    await settleAll(story);
    expect(writes(story, CLONE)).toBe(1);
    expect(guestOf(story).runtime).toBeDefined();
    expect(await left(story)).toEqual([]);
  });

  it('while a deletion is under way: nothing is destroyed that cannot be looked at', async () => {
    const {story, rightAfter} = await living(RUNNING);
    rightAfter(SHUTDOWN, () => take(story, 'VM.Audit'));
    story.files.delete('vm.yaml');
    await approveDeletion(story);
    await story.clock.sleep(HOUR);
    await story.settle();
    expect(destroyed(story)).toEqual([]);
    expect(story.journal.records('harness').map(({key}) => key)).toEqual(['guest/150']);
    give(story);
    await story.clock.sleep(2 * HOUR);
    await story.settle();
    await approveDeletion(story);
    expect(destroyed(story)).toHaveLength(1);
  });
});

describe('a destroy that cannot be looked at afterwards', () => {
  it('is kept in the journal until it is seen to be gone', async () => {
    const {story, rightAfter} = await living(RUNNING);
    rightAfter(DESTROY, () => deleteToken(story));
    story.files.delete('vm.yaml');
    await approveDeletion(story);
    expect(destroyed(story)).toHaveLength(1);
    expect(last(story)).toMatch(/^delete unknown: /);
    expect(story.journal.records('harness').map(({key}) => key)).toEqual(['guest/150']);
    restoreToken(story);
    await story.clock.sleep(2 * HOUR);
    await story.settle();
    expect(last(story)).toMatch(/^delete done: /);
    expect(story.journal.records('harness')).toEqual([]);
    expect(writes(story, DESTROY)).toBe(1);
    expect(await left(story)).toEqual([]);
  });
});

describe('an identity that is gone', () => {
  it.each<[string, (story: Story) => void, (story: Story) => void]>([
    ['a token that is deleted', deleteToken, restoreToken],
    ['a user that is disabled', disable(false), disable(true)],
  ])('%s between two calls: nothing is lost, nothing done twice', async (_, away, back) => {
    const {story, rightBefore} = await living(UNDECLARED);
    const records = story.journal.records('harness').map(({key}) => key);
    rightBefore(START, () => away(story));
    commit(story, {cpu: {cores: 4}}, UNDECLARED);
    await story.settle();
    expect(guestOf(story).runtime).toBeUndefined();
    const {report} = await story.pass();
    expect(report.result).toBe('degraded');
    expect(report.stages.find(({ok}) => !ok)?.because).toMatch(/reads failed/);
    story.files.delete('vm.yaml');
    await story.settle();
    expect((await story.plan()).report.plan?.actions.map(({verb}) => verb)).not.toContain('delete');
    expect(story.journal.records('harness').map(({key}) => key)).toEqual(records);
    story.files.set('vm.yaml', manifest(patched(UNDECLARED, {cpu: {cores: 4}})));
    back(story);
    await story.clock.sleep(2 * HOUR);
    await settleAll(story);
    expect(guestOf(story).runtime).toBeDefined();
    expect(configOf(story)['cores']).toBe('4');
    expect(writes(story, SHUTDOWN)).toBe(1);
    expect(await left(story)).toEqual([]);
  });
});

type When = 'before' | 'after';

/** A story in which something happens once, right before or right after a request. */
interface Told {
  readonly story: Story;
  readonly rightBefore: (request: string, act: () => void) => void;
  readonly rightAfter: (request: string, act: () => void) => void;
}

function begin(spec: Spec): Told {
  const hooks: {name: string; when: When; act: () => void}[] = [];
  const fire = ({method, path}: ExchangeRequest, when: When): void => {
    const name = `${method} ${path.split('?')[0]}`;
    const at = hooks.findIndex((hook) => hook.when === when && hook.name === name);
    if (at >= 0) hooks.splice(at, 1)[0]?.act();
  };
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: async (request) => {
      fire(request, 'before');
      const answer = await exchange.request(request);
      fire(request, 'after');
      return answer;
    },
  });
  const simulator = demoCluster();
  const {access} = simulator;
  access.acl = [];
  for (const subject of ['pvegit@pve', 'pvegit@pve!controller']) {
    grant(simulator, {subject, role: ROLE, path: '/'});
  }
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(spec)};
  const story = createStory(simulator, {files, wrap});
  give(story);
  const on = (when: When) => (name: string, act: () => void) => void hooks.push({name, when, act});
  return {story, rightBefore: on('before'), rightAfter: on('after')};
}

/** With a guest that runs and is as it should be. */
async function living(spec: Spec): Promise<Told> {
  const told = begin(RUNNING);
  await settleAll(told.story);
  told.story.files.set('vm.yaml', manifest(spec));
  await settleAll(told.story);
  await told.story.clock.sleep(30_000);
  expect(await left(told.story)).toEqual([]);
  return told;
}

const ROLE = 'Controller';

function give({simulator}: Story): void {
  const {access} = simulator;
  access.acl = access.acl.filter(({role}) => role !== 'NoAccess');
  access.roles.set(ROLE, new Set(allPrivileges(simulator.version)));
}

/** Takes a privilege out of the role; `*`: all. */
function take({simulator}: Story, privilege: string): void {
  const role = simulator.access.roles.get(ROLE);
  if (privilege === '*') role?.clear();
  else role?.delete(privilege);
}

/** Takes all rights below a path away from the token, as an administrator may do by a click. */
function shutOut(path: string): (story: Story) => void {
  return ({simulator}) => {
    grant(simulator, {subject: 'pvegit@pve!controller', role: 'NoAccess', path});
  };
}

function deleteToken({simulator}: Story): void {
  const tokens = simulator.access.users.get('pvegit@pve')?.tokens;
  KEPT.set(simulator, tokens?.get('controller'));
  tokens?.delete('controller');
}

function restoreToken({simulator}: Story): void {
  const token = KEPT.get(simulator);
  if (token) simulator.access.users.get('pvegit@pve')?.tokens.set('controller', token);
}

const KEPT = new Map<Story['simulator'], ApiToken | undefined>();

function disable(enabled: boolean): (story: Story) => void {
  return ({simulator}) => {
    const user = simulator.access.users.get('pvegit@pve');
    if (user) user.enabled = enabled;
  };
}

function commit(story: Story, patch: Spec, spec = RUNNING): void {
  story.files.set('vm.yaml', manifest(patched(spec, patch)));
}

async function approveDeletion(story: Story): Promise<void> {
  const {report} = await story.plan();
  const deletion = report.plan?.actions.find(({verb}) => verb === 'delete');
  story.approvals = [approval(deletion?.fingerprint ?? '', story.clock.now())];
  await story.settle();
}

function last(story: Story): string {
  const outcome = story.outcomes.at(-1);
  return `${outcome?.verb} ${outcome?.result}: ${outcome?.because}`;
}

/** What the next plan would do. */
async function left(story: Story): Promise<readonly string[]> {
  const {report} = await story.plan();
  const actions = report.plan?.actions ?? [];
  return actions
    .filter(({verb, findings}) => verb !== 'none' || findings.length > 0)
    .map(({verb, changes}) => [verb, ...changes.map(({field}) => field)].join(' '));
}

function writes({requests}: Story, name: string): number {
  return requests.filter((request) => request.split('?')[0] === name).length;
}

function destroyed({simulator}: Story): readonly string[] {
  return simulator.effects.filter(({what}) => what === 'destroy').map(({what}) => what);
}
