// Why this exists: pools and tasks as PVE/API2/Pool.pm and PVE/API2/Tasks.pm have them, beyond
// what was recorded.
import {describe, expect, it} from 'vitest';
import {addGuest, addToken, grant} from '../../../src/simulator/build.ts';
import type {Cluster} from '../../../src/simulator/state.ts';
import {fork} from '../../../src/simulator/task.ts';
import {ask, makeDesk} from './desk.ts';

function poolDesk(): Cluster {
  const desk = makeDesk({
    guests: {100: {config: {name: 'a'}}, 101: {config: {name: 'b'}}},
    pools: ['web', 'web/front', 'db'],
  });
  return desk;
}

const root = (desk: Cluster, call: string, params: Record<string, string> = {}) => {
  const {status, reason} = ask(desk, 'root', call, params);
  return `${status} ${reason}`;
};

describe('pools', () => {
  it('need their parent, and nest three deep', () => {
    const desk = poolDesk();
    expect(root(desk, 'POST /pools', {poolid: 'x/y'})).toBe(
      "500 create pool failed: parent 'x' of pool 'x/y' does not exist",
    );
    expect(ask(desk, 'root', 'POST /pools', {poolid: 'a/b/c/d'}).errors).toEqual({
      poolid: "invalid format - pool name 'a/b/c/d' nested too deeply (max levels = 3)\n",
    });
    expect(root(desk, 'POST /pools', {poolid: 'web/front/x'})).toBe('200 OK');
  });

  it('list their members without what only the resource list knows', () => {
    const desk = poolDesk();
    root(desk, 'PUT /pools', {poolid: 'web', vms: '100,999', storage: 'local'});
    const {data} = ask(desk, 'root', 'GET /pools/web');
    expect(data).toMatchObject({
      poolid: 'web',
      members: [
        {id: 'qemu/100', vmid: 100, type: 'qemu', node: 'pve1', status: 'stopped'},
        {id: 'storage/pve1/local', type: 'storage', storage: 'local', plugintype: 'dir'},
      ],
    });
    expect(JSON.stringify(data)).not.toContain('"pool"');
  });

  it('are shown to anybody who names one: Proxmox ignores its own check', () => {
    expect(ask(poolDesk(), 'ops@pve!tk', 'GET /pools?poolid=web').status).toBe(200);
    expect(ask(poolDesk(), 'ops@pve!tk', 'GET /pools/web').status).toBe(403);
  });

  it('change wholly or not at all', () => {
    const desk = poolDesk();
    expect(root(desk, 'PUT /pools', {poolid: 'web', vms: '100', storage: 'local'})).toBe('200 OK');
    expect(root(desk, 'PUT /pools', {poolid: 'web', vms: '101,100', comment: 'x'})).toBe(
      '500 update pools failed: VM 100 is already a pool member',
    );
    expect(ask(desk, 'root', 'GET /pools').data).toContainEqual({poolid: 'web'});
    expect(desk.pools.get('web')?.vms).toEqual(new Set([100]));
  });

  it('give a guest away only with rights on both, and only with allow-move', () => {
    const desk = poolDesk();
    addGuest(desk, 102, {config: {}});
    grant(desk, {subject: 'ops@pve', role: 'PVEPoolAdmin', path: '/pool/web'});
    grant(desk, {subject: 'ops@pve', role: 'PVEVMAdmin', path: '/vms'});
    root(desk, 'PUT /pools', {poolid: 'db', vms: '102'});
    const move = (extra: Record<string, string>) =>
      ask(desk, 'ops@pve!tk', 'PUT /pools', {poolid: 'web', vms: '102', ...extra}).reason;
    expect(move({})).toBe(
      "update pools failed: VM 102 belongs already to pool 'db' and 'allow-move' is not set",
    );
    expect(move({'allow-move': '1'})).toBe(
      'update pools failed: 403 Permission check failed (/pool/db, Pool.Allocate)',
    );
  });

  it('are deleted empty only, with the entries of the list of a pool at the top', () => {
    const desk = poolDesk();
    grant(desk, {subject: 'ops@pve', role: 'PVEVMUser', path: '/pool/db'});
    grant(desk, {subject: 'ops@pve', role: 'PVEVMUser', path: '/pool/web/front'});
    expect(root(desk, 'DELETE /pools', {poolid: 'web'})).toBe(
      "500 delete pool failed: pool 'web' is not empty (contains pool 'web/front')",
    );
    expect(root(desk, 'DELETE /pools/db')).toBe('200 OK');
    expect(root(desk, 'DELETE /pools?poolid=web/front')).toBe('200 OK');
    expect(desk.access.acl.map(({path}) => path)).toEqual(['/', '/pool/web/front']);
  });

  it('whose id no path can have are refused for lack of a right', () => {
    expect(ask(poolDesk(), 'ops@pve!tk', 'POST /pools', {poolid: 'ä'}).reason).toBe(
      'Permission check failed (, Pool.Allocate)',
    );
  });

  it('lend their roles to members, but never over NoAccess and never onwards', () => {
    const desk = poolDesk();
    root(desk, 'PUT /pools', {poolid: 'web', vms: '100'});
    grant(desk, {subject: 'ops@pve', role: 'PVEVMUser', path: '/pool/web'});
    const held = () => ask(desk, 'ops@pve!tk', 'GET /access/permissions', {path: '/vms/100'}).data;
    expect(held()).toMatchObject({'/vms/100': {'VM.Console': 0}});
    grant(desk, {subject: 'ops@pve', role: 'NoAccess', path: '/vms'});
    expect(held()).toEqual({'/vms/100': {}});
  });
});

function taskDesk(): Cluster {
  const desk = makeDesk();
  addToken(desk, {user: 'ops@pve', token: 'other', secret: 's'});
  for (const tokenid of ['tk', 'other', undefined]) {
    const auth = {
      user: 'ops@pve',
      tokenid,
      authid: tokenid === undefined ? 'ops@pve' : `ops@pve!${tokenid}`,
      isRoot: false,
    };
    const stages = [{kind: 'do', run: () => {}} as const];
    fork(desk, {node: 'pve1', type: 'qmstart', id: '100', auth, stages});
  }
  return desk;
}

describe('tasks', () => {
  const seen = (who: string, query = '') => {
    const {data, total} = ask(taskDesk(), who, `GET /nodes/pve1/tasks${query}`);
    return [Array.isArray(data) ? data.length : data, total];
  };

  it('of a token are seen by its user, not by the next token', () => {
    expect(seen('ops@pve')).toEqual([3, 3]);
    expect(seen('ops@pve!tk')).toEqual([1, 1]);
    expect(seen('admin@pve!tk')).toEqual([3, 3]);
  });

  it('count before the limit, and with a limit of none are only counted', () => {
    expect(seen('root', '?limit=2')).toEqual([2, 3]);
    expect(seen('root', '?limit=0')).toEqual([0, 3]);
    expect(seen('root', '?start=2')).toEqual([1, 3]);
    expect(seen('root', '?typefilter=vzdump')).toEqual([0, undefined]);
    expect(seen('root', '?statusfilter=error,warning')).toEqual([0, undefined]);
  });

  it('that are not there are missing before they are forbidden', () => {
    const upid = 'UPID:pve1:00000001:00000001:65000000:qmstart:100:root@pam:';
    const told = ask(taskDesk(), 'ops@pve!tk', `GET /nodes/pve1/tasks/${upid}/status`);
    expect(told.errors).toEqual({upid: 'no such task'});
    expect(ask(taskDesk(), 'ops@pve!tk', `GET /nodes/pve1/tasks/${upid}/log`).reason).toBe(
      'Permission check failed (/nodes/pve1, Sys.Audit)',
    );
  });

  it('hand out their log as a file, but not a part of it', () => {
    const desk = taskDesk();
    const upid = [...desk.tasks.keys()][0] ?? '';
    const path = `/nodes/pve1/tasks/${encodeURIComponent(upid)}/log`;
    const whole = ask(desk, 'root', `GET ${path}?download=1`);
    expect([whole.text, whole.headers['content-type']]).toEqual(['TASK OK\n', 'text/plain']);
    expect(ask(desk, 'root', `GET ${path}?download=1&limit=5`).reason).toBe(
      "'download' cannot be used together with 'start' or 'limit' parameters",
    );
  });

  it('are told cluster-wide without the process once it is gone', () => {
    const {data} = ask(taskDesk(), 'root', 'GET /cluster/tasks');
    expect(data).toHaveLength(3);
    expect(JSON.stringify(data)).not.toContain('pstart');
  });
});
