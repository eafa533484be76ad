// Why this exists: backup jobs as PVE/API2/Backup.pm has them, beyond what was recorded.
import {describe, expect, it} from 'vitest';
import {grant} from '../../../src/simulator/build.ts';
import type {Cluster} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

function desk(): Cluster {
  return makeDesk({
    pools: ['web'],
    guests: {
      100: {config: {scsi0: 'local-lvm:a,size=1G', ide2: 'none,media=cdrom', name: 'a'}},
      101: {config: {scsi0: 'local-lvm:b,backup=0', efidisk0: 'local-lvm:c'}, node: 'pve2'},
    },
  });
}

function say(cluster: Cluster, call: string, params: Record<string, string> = {}): string {
  const {status, reason, errors, message} = ask(cluster, 'root', call, params);
  if (reason === '400 Parameter verification failed.') {
    return String(message).split('\n')[1] ?? '';
  }
  const [first] = typeof errors === 'object' && errors !== null ? Object.entries(errors) : [];
  return first === undefined ? `${status} ${reason}` : `${first[0]}: ${first[1]}`;
}

const create = 'POST /cluster/backup';

describe('a backup job', () => {
  it('has one time and one selection', () => {
    expect(say(desk(), create, {schedule: 'daily', starttime: '01:00', all: '1'})).toBe(
      "starttime: 'starttime' and 'schedule' cannot both be set",
    );
    expect(say(desk(), create, {schedule: 'daily', vmid: '100', exclude: '101'})).toBe(
      "exclude: option conflicts with option 'vmid'",
    );
    expect(say(desk(), create, {schedule: 'daily', vmid: '100', pool: 'web'})).toBe(
      "pool: option conflicts with option 'vmid'",
    );
    const every = {starttime: '01:00', dow: 'mon,tue,wed,thu,fri,sat,sun', all: '1', id: 'j1'};
    const cluster = desk();
    say(cluster, create, every);
    expect(ask(cluster, 'root', 'GET /cluster/backup/j1').data).toMatchObject({schedule: '01:00'});
  });

  it('changes its selection by naming another', () => {
    const cluster = desk();
    say(cluster, create, {id: 'j1', schedule: 'daily', vmid: '100'});
    expect(say(cluster, 'PUT /cluster/backup/j1')).toBe('500 no options specified');
    expect(say(cluster, 'PUT /cluster/backup/j1', {pool: 'web'})).toBe('200 OK');
    expect(ask(cluster, 'root', 'GET /cluster/backup/j1').data).not.toHaveProperty('vmid');
    expect(say(cluster, 'PUT /cluster/backup/j1', {delete: 'schedule'})).toBe(
      "delete: unknown option 'schedule'",
    );
  });

  it('without a storage needs the right on local, and more for what weighs on the node', () => {
    const cluster = desk();
    grant(cluster, {subject: 'ops@pve', role: 'PVESysAdmin', path: '/'});
    cluster.access.roles.set('Modify', new Set(['Sys.Modify']));
    const job = {schedule: 'daily', all: '1'};
    const told = (params: Record<string, string>) => ask(cluster, 'ops@pve!tk', create, params);
    cluster.access.acl = cluster.access.acl.filter(({subject}) => subject !== 'ops@pve');
    grant(cluster, {subject: 'ops@pve', role: 'Modify', path: '/'});
    expect(told(job).reason).toBe('Permission check failed (/storage/local, Datastore.Allocate)');
    expect(told({...job, script: '/x'}).errors).toEqual({script: 'Only root may set this option.'});
  });

  it('shows which volumes it takes and why', () => {
    const cluster = desk();
    say(cluster, create, {id: 'j1', schedule: 'daily', all: '1'});
    expect(ask(cluster, 'root', 'GET /cluster/backup/j1/included_volumes').data).toEqual({
      children: [
        {
          id: 100,
          type: 'qemu',
          name: 'a',
          leaf: 0,
          children: [
            {id: '100:scsi0', name: 'local-lvm:a', included: 1, reason: 'backup=yes', leaf: 1},
          ],
        },
        {
          id: 101,
          type: 'qemu',
          name: null,
          leaf: 0,
          children: [
            {id: '101:scsi0', name: 'local-lvm:b', included: 0, reason: 'backup=no', leaf: 1},
            {
              id: '101:efidisk0',
              name: 'local-lvm:c',
              included: 0,
              reason: 'efidisk but no OVMF BIOS',
              leaf: 1,
            },
          ],
        },
      ],
    });
    say(cluster, 'PUT /cluster/backup/j1', {node: 'pve1'});
    expect(ask(cluster, 'root', 'GET /cluster/backup-info/not-backed-up').data).toEqual([
      {vmid: 101, type: 'qemu'},
    ]);
  });
});
