// Why this exists: definitions of storages of every type, as PVE/API2/Storage/Config.pm and the
// plugins' options, check_config, on_add_hook and activate_storage (pve-storage 8.3.8) have them.
import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

type Params = Readonly<Record<string, string | number>>;

function desk(): Cluster {
  return makeDesk({
    storages: {
      local: {options: {path: '/var/lib/vz'}},
      fast: {type: 'zfspool', options: {pool: 'tank'}},
      'local-lvm': {type: 'lvmthin', options: {vgname: 'pve', thinpool: 'data'}},
    },
  });
}

/** The status line, or the first parameter's error. */
function say(cluster: Cluster, call: string, params: Params = {}): string {
  const {status, reason, errors} = ask(cluster, 'root', call, params);
  const [first] = typeof errors === 'object' && errors !== null ? Object.entries(errors) : [];
  return first === undefined ? `${status} ${reason}` : `${first[0]}: ${first[1]}`;
}

const failed = '500 create storage failed: ';
const unable = `${failed}unable to activate storage 's1' - `;
const unmounted = `${unable}directory is expected to be a mount point but is not mounted: `;
const noServer = 'value does not look like a valid server name or IP address';
const smb = "does not have a value in the enumeration 'default, 2.0, 2.1, 3, 3.0, 3.11'";
const noPool = `zfs error: cannot import 'nope': no such pool available`;
const noKey = 'Value does not seems like a valid, JSON formatted encryption key!';
const noNumber = "type check ('integer') failed - got 'x'";

describe('a new storage', () => {
  it.each<[Params, string]>([
    [{type: 'lvm'}, "500 missing value for required option 'vgname'"],
    [{type: 'lvm', vgname: 'nosuch'}, '200 OK'],
    [
      {type: 'lvm', vgname: 'v'},
      "vgname: invalid format - lvm name 'v' contains illegal characters\n",
    ],
    [
      {type: 'lvm', vgname: 'vg', content: 'iso'},
      "500 storage does not support content type 'none'",
    ],
    [{type: 'lvm', vgname: 'vg', path: '/x'}, "500 unexpected property 'path'"],
    [{type: 'lvmthin', vgname: 'pve', thinpool: 'data'}, '200 OK'],
    [{type: 'lvmthin', vgname: 'pve', thinpool: 'no'}, `${failed}no such logical volume pve/no`],
    [{type: 'lvmthin', vgname: 'pve', thinpool: 'no', disable: 1}, '200 OK'],
    [{type: 'lvmthin', vgname: 'pve', thinpool: 'no', nodes: 'pve2'}, '200 OK'],
    [{type: 'zfspool', pool: 'tank', sparse: 1}, '200 OK'],
    [{type: 'zfspool', pool: 'nope/x'}, `${failed}could not activate storage 's1', ${noPool}`],
    [{type: 'zfspool', pool: 'tank', thinpool: 'data'}, "500 unexpected property 'thinpool'"],
    [{type: 'rbd', pool: 'rbd', monhost: '10.0.0.1', username: 'admin'}, '200 OK'],
    [{type: 'rbd', pool: 'rbd', shared: 1}, "500 unexpected property 'shared'"],
    [{type: 'nfs', server: '192.0.2.1', export: '/x'}, `${failed}storage 's1' is not online`],
    [{type: 'nfs', server: 'a_b', export: '/x'}, `server: invalid format - ${noServer}\n`],
    [
      {type: 'nfs', server: '192.0.2.1', export: 'x'},
      'export: invalid format - value does not look like a valid absolute path\n',
    ],
    [
      {type: 'nfs', server: '192.0.2.1', export: '/x', disable: 1, options: 'a b'},
      "options: invalid format - invalid options 'a b'\n",
    ],
    [
      {type: 'cifs', server: '192.0.2.1', share: 's', smbversion: '9'},
      `smbversion: value '9' ${smb}`,
    ],
    [{type: 'cifs', server: '192.0.2.1'}, "500 missing value for required option 'share'"],
    [{type: 'iscsi', portal: '192.0.2.1', target: 'iqn.x'}, `${failed}storage 's1' is not online`],
    [
      {type: 'iscsi', portal: 'a b', target: 'iqn.x'},
      'portal: invalid format - value does not look like a valid portal address\n',
    ],
    [{type: 'iscsidirect', portal: '192.0.2.1', target: 'iqn.x'}, '200 OK'],
    [{type: 'esxi', server: '192.0.2.1', username: 'root'}, `${failed}missing password`],
    [{type: 'esxi', server: '192.0.2.1'}, "500 missing value for required option 'username'"],
    [{type: 'dir', path: '/srv/x', is_mountpoint: 'yes'}, `${unmounted}'/srv/x'`],
    [{type: 'dir', path: '/srv/x', is_mountpoint: '/mnt/y'}, `${unmounted}'/mnt/y'`],
    [{type: 'dir', path: '/srv/x', is_mountpoint: 'no'}, '200 OK'],
    [
      {type: 'dir', path: '/srv/x', 'create-base-path': 0},
      `${unable}directory '/srv/x' does not exist or is unreachable`,
    ],
    [{type: 'dir', path: '/tmp', mkdir: 0}, '200 OK'],
    [
      {type: 'dir', path: '/srv/x', content: 'iso,vztmpl', 'content-dirs': 'iso=a,vztmpl=a'},
      `${failed}storage 's1' uses directory /srv/x/a for multiple content types`,
    ],
    [
      {type: 'dir', path: '/srv/x', 'content-dirs': 'iso'},
      "content-dirs: invalid format - invalid override 'iso'\n",
    ],
    [
      {type: 'dir', path: '/srv/x', content: 'none,iso'},
      "500 unable to combine 'none' with other content types",
    ],
    [{type: 'dir', path: '/srv/x', vgname: 'vg'}, "500 unexpected property 'vgname'"],
    [{type: 'dir', path: '/srv/x', password: 'vgx'}, "500 unexpected property 'password'"],
    [
      {type: 'dir', path: '/srv/x', 'prune-backups': 'keep-last=x'},
      `prune-backups: invalid format - format error\nprune-backups.keep-last: ${noNumber}\n`,
    ],
    [{type: 'dir', path: '/srv/ä'}, '500 illegal path for directory storage: /srv/ä'],
    [{type: 'dir', path: '/srv/x', port: 0}, 'port: value must have a minimum value of 1'],
    [
      {type: 'pbs', server: '192.0.2.1', datastore: 'd', disable: 1, 'encryption-key': '{}'},
      `${failed}${noKey}`,
    ],
    [
      {type: 'pbs', server: '192.0.2.1', datastore: 'd', disable: 1, 'master-pubkey': 'eA=='},
      `${failed}'master-pubkey' can only be used together with 'encryption-key'`,
    ],
  ])('of %o is told %s', (params, text) => {
    expect(say(desk(), 'POST /storage', {storage: 's1', ...params})).toBe(text);
  });

  it('has the contents, the path and the sharing of its type', () => {
    const cluster = desk();
    const made = (params: Params): unknown => {
      say(cluster, 'POST /storage', {storage: 's1', disable: 1, ...params});
      const {data} = ask(cluster, 'root', 'GET /storage/s1');
      say(cluster, 'DELETE /storage/s1');
      return data;
    };
    expect(made({type: 'nfs', server: '192.0.2.1', export: '/x'})).toMatchObject({
      content: 'images',
      path: '/mnt/pve/s1',
      shared: 1,
      server: '192.0.2.1',
    });
    expect(made({type: 'cephfs'})).toMatchObject({content: 'backup', path: '/mnt/pve/s1'});
    expect(made({type: 'lvm', vgname: 'vg'})).toMatchObject({content: 'images'});
    expect(made({type: 'zfspool', pool: 'x'})).toMatchObject({content: 'images,rootdir'});
    expect(made({type: 'dir', path: '/srv//y/', content: 'none'})).toMatchObject({
      content: 'none',
      path: '/srv/y',
    });
    expect(made({type: 'dir', path: '/y', maxfiles: 3})).toMatchObject({
      'prune-backups': 'keep-last=3',
    });
    expect(made({type: 'btrfs', path: '/y', format: 'qcow2'})).not.toHaveProperty('format');
    expect(
      made({type: 'nfs', server: '192.0.2.1', export: '/x', 'content-dirs': 'iso=i'}),
    ).toMatchObject({'content-dirs': {iso: 'i'}});
  });

  it('of a backup server tells its configuration, and no secret is read again', () => {
    const cluster = desk();
    const pbs = {storage: 's1', type: 'pbs', server: '192.0.2.1', datastore: 'd', disable: 1};
    expect(ask(cluster, 'root', 'POST /storage', {...pbs, password: 'geheim'}).data).toEqual({
      storage: 's1',
      type: 'pbs',
      config: {},
    });
    expect(ask(cluster, 'root', 'GET /storage/s1').data).not.toHaveProperty('password');
    const key = JSON.stringify({kdf: null, data: 'x', fingerprint: 'ab:cd'});
    expect(ask(cluster, 'root', 'PUT /storage/s1', {'encryption-key': key}).data).toMatchObject({
      config: {'encryption-key': key},
    });
    expect(ask(cluster, 'root', 'GET /storage/s1').data).toMatchObject({
      'encryption-key': 'ab:cd',
    });
  });

  it('out of reach is there and not active', () => {
    const cluster = desk();
    const wish = {storage: 's1', type: 'nfs', server: '192.0.2.1', export: '/x', disable: 1};
    say(cluster, 'POST /storage', wish);
    say(cluster, 'PUT /storage/s1', {delete: 'disable'});
    const status = ask(cluster, 'root', 'GET /nodes/pve1/storage/s1/status').data;
    expect(status).toMatchObject({active: 0, enabled: 1, total: 0, shared: 1});
    expect(say(cluster, 'GET /nodes/pve1/storage/s1/content')).toBe(
      "500 storage 's1' is not online",
    );
  });
});

describe('a storage that changes', () => {
  const put = 'PUT /storage/s1';
  const made = (type: Params): Cluster => {
    const cluster = desk();
    say(cluster, 'POST /storage', {storage: 's1', disable: 1, ...type});
    return cluster;
  };
  const failing = '500 update storage failed: ';
  it.each<[Params, Params, string]>([
    [
      {type: 'dir', path: '/y'},
      {delete: 'path'},
      `${failing}unable to delete required option 'path'`,
    ],
    [
      {type: 'nfs', server: '192.0.2.1', export: '/x'},
      {delete: 'path'},
      `${failing}unable to delete required option 'path'`,
    ],
    [{type: 'dir', path: '/y'}, {delete: 'vgname'}, `${failing}no such option 'vgname'`],
    [{type: 'dir', path: '/y'}, {delete: 'password'}, `${failing}no such option 'password'`],
    [
      {type: 'dir', path: '/y'},
      {delete: 'content', content: 'iso'},
      `${failing}cannot set and delete property 'content' at the same time!`,
    ],
    [
      {type: 'zfspool', pool: 'x'},
      {pool: 'y'},
      `${failing}can't change value of fixed parameter 'pool'`,
    ],
    [{type: 'rbd', pool: 'x'}, {pool: 'y'}, '200 OK'],
    [
      {type: 'dir', path: '/y'},
      {type: 'nfs'},
      'type: property is not defined in schema and the schema does not allow additional properties',
    ],
    [{type: 'dir', path: '/y'}, {krbd: 1}, `${failing}unexpected property 'krbd'`],
    [{type: 'dir', path: '/y'}, {}, '200 OK'],
    [
      {type: 'pbs', server: '192.0.2.1', datastore: 'd'},
      {delete: 'password,encryption-key'},
      '200 OK',
    ],
  ])('%o by %o is told %s', (type, params, text) => {
    expect(say(made(type), put, params)).toBe(text);
  });

  it('keeps what it was made on, which must be an iSCSI storage that stays', () => {
    const cluster = desk();
    const lvm = {storage: 's1', type: 'lvm', vgname: 'vg'};
    expect(say(cluster, 'POST /storage', {...lvm, base: 'no:0.0.0.x'})).toBe(
      "500 create storage failed: base storage ID 'no' does not exist",
    );
    expect(say(cluster, 'POST /storage', {...lvm, base: 'local:0.0.0.x'})).toBe(
      "500 create storage failed: unsupported base type 'dir' at " +
        '/usr/share/perl5/PVE/Storage/LVMPlugin.pm line 338.',
    );
    cluster.storages.get('fast')?.options.set('base', 'local:0.0.0.x');
    expect(say(cluster, 'DELETE /storage/local')).toBe(
      "500 delete storage failed: can't remove storage - " +
        'storage is used as base of another storage',
    );
  });

  it('called local is on every node, and comes back when it is deleted', () => {
    const cluster = desk();
    say(cluster, 'PUT /storage/local', {nodes: 'pve2', content: 'iso'});
    expect(ask(cluster, 'root', 'GET /storage/local').data).not.toHaveProperty('nodes');
    expect(say(cluster, 'DELETE /storage/local')).toBe('200 OK');
    expect(ask(cluster, 'root', 'GET /storage/local').data).toMatchObject({
      path: '/var/lib/vz',
      'prune-backups': 'keep-all=1',
    });
  });
});
