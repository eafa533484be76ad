// Why this exists: a deletion is approved for what it loses, so all of that must be named and be
// the same a moment later; and whoever else knows the guest is asked first.
import {describe, expect, it, test} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {allPrivileges} from '../../src/simulator/privileges.ts';
import {byHand} from './by-hand.ts';
import {DEFAULTS, openLines, reasons, settleAll} from './guest.ts';
import {approval, createStory, type Story} from './world.ts';

const vm = (vmid: number, name: string): string => `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: ${name}}
spec: {vmid: ${vmid}, node: pve1, power: running, clone: {vmid: 100, full: true}, memory: 1GiB}
`;

const FILES = {'a.yaml': vm(150, 'alpha'), 'b.yaml': vm(151, 'beta')};

test('a deletion names the run state, the volumes and the snapshots that go', async () => {
  const story = createStory(demoCluster(), {files: FILES});
  await story.settle();
  const guest = story.simulator.guests.get(151);
  guest?.snapshots.set('before-upgrade', new Map([['snaptime', '1767600000']]));
  story.files.delete('b.yaml');
  const {report} = await story.plan();
  const action = report.plan?.actions.find(({verb}) => verb === 'delete');
  expect(action?.risk).toBe('destructive');
  expect(action?.facts).toMatchObject({power: 'running', snapshots: ['before-upgrade']});
  expect(JSON.stringify(action?.facts['volumes'])).toContain('vm-151-disk-0');
});

test('an approval of one state covers no other: a new snapshot needs a new one', async () => {
  const story = createStory(demoCluster(), {files: FILES});
  await story.settle();
  story.files.delete('b.yaml');
  const {report} = await story.plan();
  const action = report.plan?.actions.find(({verb}) => verb === 'delete');
  story.approvals = [approval(action?.fingerprint ?? '', story.clock.now())];
  story.simulator.guests.get(151)?.snapshots.set('late', new Map([['snaptime', '1767600000']]));
  await story.settle();
  expect(story.simulator.guests.has(151)).toBe(true);
});

test('a replacement names the snapshots and the pool that go with the former guest', async () => {
  const story = createStory(demoCluster(), {files: FILES});
  await story.settle();
  byHand(story, 'POST', '/pools', {poolid: 'team'});
  byHand(story, 'PUT', '/pools', {poolid: 'team', vms: '151'});
  story.simulator.guests.get(151)?.snapshots.set('old', new Map([['snaptime', '1767600000']]));
  const anew = vm(151, 'beta').replace(
    '{name: beta}',
    '{name: beta, annotations: {pvegit/replace: a}}',
  );
  story.files.set('b.yaml', anew);
  const {report} = await story.plan();
  const action = report.plan?.actions.find(({verb}) => verb === 'replace');
  expect(action?.facts).toMatchObject({snapshots: ['old'], also: ['its place in pool team']});
});

describe('before a guest is deleted', () => {
  it('a backup job that lists it is named, and keeps its list', async () => {
    const story = await leaving();
    const job = {id: 'nightly', schedule: 'daily', storage: 'local', vmid: '150,151'};
    byHand(story, 'POST', '/cluster/backup', job);
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(
      /in-use: backup job nightly names it; take it out of that job first/,
    );
    expect(story.simulator.guests.has(151)).toBe(true);
    expect(jobs(story).get('nightly')?.get('vmid')).toBe('150,151');
    byHand(story, 'PUT', '/cluster/backup/nightly', {vmid: '150'});
    await settleAll(story);
    expect(story.simulator.guests.has(151)).toBe(false);
    expect(jobs(story).get('nightly')?.get('vmid')).toBe('150');
  });

  it('a backup job of which it is the only guest is to be deleted first', async () => {
    const story = await leaving();
    const job = {id: 'own', schedule: 'daily', storage: 'local', vmid: '151'};
    byHand(story, 'POST', '/cluster/backup', job);
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/backup job own names it; delete that job first/);
    expect(story.simulator.guests.has(151)).toBe(true);
    expect(jobs(story).has('own')).toBe(true);
  });

  it('a backup job of all guests, of its pool or that leaves it out forbids nothing', async () => {
    const story = await leaving();
    byHand(story, 'POST', '/pools', {poolid: 'team'});
    const job = {schedule: 'daily', storage: 'local'};
    byHand(story, 'POST', '/cluster/backup', {...job, id: 'job-a', all: '1', exclude: '151'});
    byHand(story, 'POST', '/cluster/backup', {...job, id: 'job-b', pool: 'team'});
    byHand(story, 'POST', '/cluster/backup', {...job, id: 'job-c', vmid: '1510,1151'});
    await settleAll(story);
    expect(story.simulator.guests.has(151)).toBe(false);
    expect([...jobs(story).keys()]).toEqual(['job-a', 'job-b', 'job-c']);
  });

  it('a replication job is named, and where it copies to', async () => {
    const story = await leaving();
    const replication = new Map([
      ['target', 'pve2'],
      ['schedule', '*/15'],
    ]);
    story.simulator.sections.set('replication', new Map([['151-0', replication]]));
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(
      /in-use: replication job 151-0 copies it to pve2; remove that job first/,
    );
    expect(stops(story)).toEqual([]);
    expect(story.simulator.guests.has(151)).toBe(true);
  });

  it('HA is asked, also where it is told to ignore the guest', async () => {
    const story = await leaving();
    byHand(story, 'POST', '/cluster/ha/resources', {sid: 'vm:151', state: 'ignored'});
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/ha-managed: it is a resource of HA \(ignored\)/);
    expect(stops(story)).toEqual([]);
    expect(story.simulator.guests.has(151)).toBe(true);
  });

  it('its pool and its firewall rules are named among what goes', async () => {
    const story = await leaving();
    byHand(story, 'POST', '/pools', {poolid: 'team'});
    byHand(story, 'PUT', '/pools', {poolid: 'team', vms: '151'});
    const rules = '/nodes/pve1/qemu/151/firewall/rules';
    byHand(story, 'POST', rules, {type: 'in', action: 'ACCEPT', proto: 'tcp', dport: '22'});
    const {report} = await story.plan();
    const action = report.plan?.actions.find(({verb}) => verb === 'delete');
    expect(action?.facts['also']).toEqual(['its place in pool team', '1 firewall rule']);
    await settleAll(story);
    expect(story.simulator.guests.has(151)).toBe(false);
  });

  it('what the token may not read holds it, and names the privilege', async () => {
    const story = await leaving();
    const {access, version} = story.simulator;
    const most = allPrivileges(version).filter((one) => one !== 'Sys.Audit');
    access.roles.set('Most', new Set(most));
    const lowered = access.acl.map((entry) => ({...entry, role: 'Most'}));
    access.acl.splice(0, access.acl.length, ...lowered);
    await settleAll(story);
    const text = (await reasons(story)).join();
    expect(text).toMatch(/incomplete: .*backup job names it is not known: .*needs Sys.Audit on \//);
    expect(text).toMatch(/HA lists it is not known: the token needs Sys.Audit on \//);
    expect(stops(story)).toEqual([]);
    expect(story.simulator.guests.has(151)).toBe(true);
  });
});

/** Guest 151 left Git and nobody said yes yet. */
async function leaving(): Promise<Story> {
  const story = createStory(demoCluster(), {files: {...FILES, 'defaults.yaml': DEFAULTS}});
  await settleAll(story);
  story.files.delete('b.yaml');
  expect((await openLines(story)).join()).toMatch(/^delete destructive/);
  return story;
}

function jobs({simulator}: Story): ReadonlyMap<string, ReadonlyMap<string, string>> {
  return simulator.sections.get('backup-jobs') ?? new Map();
}

function stops({simulator}: Story): readonly string[] {
  return simulator.effects
    .filter(({vmid, what}) => vmid === 151 && (what === 'stop' || what === 'destroy'))
    .map(({what}) => what);
}
