// Why this exists: backups now, as PVE/API2/VZDump.pm and PVE/VZDump.pm (pve-manager 8.4.21) have
// them, beyond what was recorded.
import {describe, expect, it} from 'vitest';
import {grant} from '../../../src/simulator/build.ts';
import {advance} from '../../../src/simulator/clock.ts';
import type {Cluster} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

type Params = Readonly<Record<string, string | number>>;

function desk(): Cluster {
  return makeDesk({
    pools: ['web', 'empty'],
    storages: {
      local: {content: ['backup', 'images'], options: {path: '/var/lib/vz'}},
      keep: {content: ['backup'], options: {path: '/srv/keep', 'prune-backups': 'keep-last=1'}},
      disks: {content: ['images'], options: {path: '/srv/disks'}},
    },
    guests: {
      100: {config: {name: 'a'}, pool: 'web'},
      101: {config: {name: 'b'}, node: 'pve2', pool: 'web'},
    },
    containers: {200: {config: {hostname: 'c', rootfs: 'disks:200/vm-200-disk-0.raw,size=1G'}}},
  });
}

const call = 'POST /nodes/pve1/vzdump';

/** The status line, or the first parameter's error. */
function say(cluster: Cluster, params: Params, who = 'root', what = call): string {
  const {status, reason, errors} = ask(cluster, who, what, params);
  const [first] = typeof errors === 'object' && errors !== null ? Object.entries(errors) : [];
  return first === undefined ? `${status} ${reason}` : `${first[0]}: ${first[1]}`;
}

/** How the backup ended, and its log. */
function run(
  cluster: Cluster,
  params: Params,
  who = 'root',
): {readonly end: string; readonly log: readonly string[]} {
  const upid = String(ask(cluster, who, call, params).data);
  advance(cluster, cluster.nowMs + 60_000);
  const task = cluster.tasks.get(upid);
  return {end: task?.exitStatus ?? upid, log: task?.log ?? []};
}

const rightToAll = new Set(['VM.Backup', 'Datastore.AllocateSpace', 'Datastore.Audit']);

describe('a backup now', () => {
  it.each<[Params, string]>([
    [{vmid: 100, stdout: 1}, 'stdout: option is only allowed on the command line interface.'],
    [{vmid: 100, exclude: 101}, "exclude: option conflicts with option 'vmid'"],
    [{vmid: 100, pool: 'web'}, "pool: option conflicts with option 'vmid'"],
    [
      {vmid: 100, maxfiles: 1, 'prune-backups': 'keep-last=1'},
      "prune-backups: option conflicts with option 'maxfiles'",
    ],
    [{storage: 'keep'}, 'vmid: property is missing'],
    [{vmid: 100, fleecing: '1'}, "fleecing: invalid format - 'storage' parameter is required"],
    [
      {vmid: 100, storage: 'keep', 'notes-template': 'a\\b {{x}} {{y}}'},
      "notes-template: found unknown: escape sequence '\\b' at char 1, " +
        "variable 'x' at char 8, variable 'y' at char 14",
    ],
    [{vmid: 100, storage: 'keep', 'notes-template': '{{ vmid }}'}, '200 OK'],
    [{vmid: 100, storage: 'keep', 'notes-template': 'a\nb'}, 'notes-template: contains a line'],
    [{vmid: 100, 'notes-template': 'x'}, "storage: missing property - 'notes-template' requires"],
    [{vmid: 100, protected: 1}, "storage: missing property - 'protected' requires"],
    [{vmid: 100, ionice: 9}, 'ionice: value must have a maximum value of 8'],
    [{vmid: 100, compress: 'xz'}, "compress: value 'xz' does not have a value in the enumeration"],
    [{vmid: '100,x'}, 'vmid: invalid format - value does not look like a valid VM ID'],
    [{pool: 'nopool'}, "500 pool 'nopool' does not exist"],
  ])('%o is told %s', (params, text) => {
    expect(say(desk(), params)).toContain(text);
  });

  it('is no work where no guest is, unless it is for all', () => {
    const cluster = desk();
    const told = (params: Params): unknown => ask(cluster, 'root', call, params).data;
    expect(told({vmid: 101})).toBe('OK');
    expect(told({pool: 'empty'})).toBe('OK');
    expect(told({pool: 'empty', exclude: 100})).toBe('OK');
    expect(told({stop: 1})).toBe('OK');
    expect(told({stop: 1, vmid: 101})).toBe('OK');
    expect(String(told({exclude: '100,200'}))).toMatch(/^UPID:/);
  });

  it('leaves guests of other nodes to these, and says which', () => {
    const {log} = run(desk(), {vmid: '101,100', storage: 'local'});
    expect(log).toContain('INFO: skip external VMs: 101');
    expect(log[0]).toContain('vzdump 101 100 ');
    const all = run(desk(), {exclude: 200, storage: 'local'});
    expect(all.log[0]).toContain('--all 1');
    expect(all.log.filter((line) => line.includes('Starting Backup'))).toHaveLength(1);
  });

  it.each<[Params, string]>([
    [
      {storage: 'disks'},
      "could not get storage information for 'disks': " +
        "can't use storage 'disks' for backups - wrong content type",
    ],
    [{storage: 'keep', dumpdir: '/tmp'}, "cannot use options 'storage' and 'dumpdir'"],
    [{dumpdir: '/nosuch'}, "dumpdir '/nosuch' does not exist"],
    [{tmpdir: '/nosuch'}, "tmpdir '/nosuch' does not exist"],
    [{dumpdir: '/tmp'}, 'OK'],
  ])('%o ends with %s', (params, text) => {
    expect(run(desk(), {vmid: 100, ...params}).end).toContain(text);
  });

  it('takes what its caller may back up, and fails for one it names and may not', () => {
    const cluster = desk();
    cluster.access.roles.set('Saver', rightToAll);
    grant(cluster, {subject: 'ops@pve', role: 'Saver', path: '/storage'});
    grant(cluster, {subject: 'ops@pve', role: 'Saver', path: '/vms/100'});
    const all = run(cluster, {all: 1, storage: 'local'}, 'ops@pve!tk');
    expect(all.end).toBe('OK');
    expect(all.log.filter((line) => line.includes('Starting Backup'))).toHaveLength(1);
    expect(run(cluster, {vmid: '100,200', storage: 'local'}, 'ops@pve!tk').end).toBe(
      '403 Permission check failed (/vms/200, VM.Backup)',
    );
    expect(say(cluster, {vmid: 100, storage: 'local', stop: 1}, 'ops@pve!tk')).toBe(
      '403 Permission check failed (/nodes/pve1, Sys.Modify)',
    );
  });

  it('that would be one too many is not begun', () => {
    const cluster = desk();
    const wish = {vmid: 100, storage: 'keep'};
    expect(run(cluster, {...wish, remove: 0}).end).toBe('OK');
    const second = run(cluster, {...wish, remove: 0});
    expect(second.end).toBe('job errors');
    expect(second.log).toContain(
      'ERROR: Backup of VM 100 failed - There is a max backup limit of 1 enforced by the target ' +
        'storage or the vzdump parameters. Either increase the limit or delete old backups.',
    );
    expect(second.log.some((line) => line.includes('Starting Backup'))).toBe(false);
    cluster.storages.get('keep')?.options.set('max-protected-backups', '0');
    expect(run(cluster, {...wish, protected: 1}).log).toContain(
      'ERROR: Backup of VM 100 failed - The number of protected backups per guest is limited to ' +
        "0 on storage 'keep'",
    );
  });

  it('does not stop what the HA manager keeps running', () => {
    const cluster = desk();
    ask(cluster, 'root', 'POST /cluster/ha/resources', {sid: 'vm:100'});
    const {log} = run(cluster, {vmid: 100, storage: 'local', mode: 'stop'});
    expect(log).toContain(
      'ERROR: Backup of VM 100 failed - Cannot execute a backup with stop mode on a HA managed ' +
        'and enabled Service. Use snapshot mode or disable the Service.',
    );
  });

  it('notes, then protects, then prunes, and says what it was told', () => {
    const {log} = run(desk(), {
      vmid: 100,
      storage: 'keep',
      'notes-template': 'x',
      protected: 1,
      ionice: 3,
      'prune-backups': 'keep-monthly=2,keep-daily=1',
    });
    const places = ['adding notes', 'marking backup', 'prune older'].map((text) =>
      log.findIndex((line) => line.includes(text)),
    );
    expect([...places].sort((left, right) => left - right)).toEqual(places);
    expect(places[0]).toBeGreaterThan(0);
    expect(log).toContain('INFO: ionice priority: 3');
    expect(log).toContain('INFO: prune older backups with retention: keep-daily=1, keep-monthly=2');
  });
});

describe('what can be asked about backups', () => {
  it('are the defaults of a storage that takes any', () => {
    const cluster = desk();
    const what = 'GET /nodes/pve1/vzdump/defaults';
    expect(say(cluster, {storage: 'disks'}, 'root', what)).toBe(
      "500 can't use storage 'disks' for backups - wrong content type",
    );
    expect(say(cluster, {storage: 'none'}, 'root', what)).toBe("500 storage 'none' does not exist");
    expect(say(cluster, {}, 'ops@pve!tk', what)).toBe(
      '403 Permission check failed (/storage/local, Datastore.Audit|Datastore.AllocateSpace)',
    );
    grant(cluster, {subject: 'ops@pve', role: 'PVEDatastoreUser', path: '/storage'});
    const {data} = ask(cluster, 'ops@pve!tk', what);
    expect(data).toMatchObject({storage: 'local', 'prune-backups': 'keep-all=1'});
    expect(data).not.toHaveProperty('dumpdir');
    expect(data).not.toHaveProperty('ionice');
  });

  it('is an archive’s configuration, for who may back up its guest', () => {
    const cluster = desk();
    const what = 'GET /nodes/pve1/vzdump/extractconfig';
    const volume = 'local:backup/vzdump-qemu-100-2026_01_05-08_00_00.vma';
    grant(cluster, {subject: 'ops@pve', role: 'PVEDatastoreAdmin', path: '/storage'});
    expect(say(cluster, {volume}, 'ops@pve!tk', what)).toBe(
      '403 Permission check failed (/vms/100, VM.Backup)',
    );
    expect(say(cluster, {volume}, 'root', what)).toBe(`500 volume '${volume}' does not exist`);
    expect(say(cluster, {volume: 'local:iso/a.iso'}, 'root', what)).toBe(
      "500 unable to use volume local:iso/a.iso - content type needs to be 'backup'",
    );
    expect(say(cluster, {volume: '/nosuch.vma'}, 'root', what)).toBe(
      "500 can't find file '/nosuch.vma'",
    );
  });
});

describe('a job', () => {
  it('keeps the paths that it leaves out as a list', () => {
    const cluster = desk();
    const job = {id: 'j1', schedule: 'daily', vmid: 100, 'exclude-path': '/var/spool/a b'};
    say(cluster, job, 'root', 'POST /cluster/backup');
    const {data} = ask(cluster, 'root', 'GET /cluster/backup/j1');
    expect(data).toMatchObject({'exclude-path': ['/var/spool/a b']});
    say(cluster, {delete: 'exclude-path'}, 'root', 'PUT /cluster/backup/j1');
    const after = ask(cluster, 'root', 'GET /cluster/backup/j1').data;
    expect(after).not.toHaveProperty('exclude-path');
  });

  it('keeps the old limit as a retention, and its notes are checked', () => {
    const cluster = desk();
    const create = 'POST /cluster/backup';
    const job = {id: 'j1', schedule: 'daily', vmid: 100};
    expect(say(cluster, {...job, maxfiles: 2}, 'root', create)).toBe('200 OK');
    expect(ask(cluster, 'root', 'GET /cluster/backup/j1').data).toMatchObject({
      'prune-backups': {'keep-last': '2'},
    });
    const notes = {...job, id: 'j2', storage: 'keep', 'notes-template': '{{x}}'};
    expect(ask(cluster, 'root', create, notes).message).toBe(
      '400 Parameter verification failed.\n' +
        "notes-template: found unknown: variable 'x' at char 4\n\n",
    );
    const both = {...job, id: 'j3', maxfiles: 1, 'prune-backups': 'keep-last=1'};
    expect(ask(cluster, 'root', create, both).reason).toBe('400 Parameter verification failed.');
  });
});
