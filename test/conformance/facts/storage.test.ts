// Why this exists: storages, what lies on them and what is done with it, as PVE/API2/Storage/*.pm,
// PVE/Storage.pm and PVE/Storage/*Plugin.pm (pve-storage 8.3.8) have them, beyond the recordings.
import {describe, expect, it} from 'vitest';
import {addGuest, grant} from '../../../src/simulator/build.ts';
import type {Cluster, Volume} from '../../../src/simulator/state.ts';
import {put} from '../../../src/simulator/volume.ts';
import {ask, makeDesk} from './desk.ts';

const everything = ['images', 'rootdir', 'vztmpl', 'iso', 'backup', 'snippets', 'import'];

function desk(): Cluster {
  return makeDesk({
    storages: {
      local: {content: everything.slice(0, 6), options: {path: '/var/lib/vz'}},
      box: {content: everything, options: {path: '/srv/box', 'prune-backups': 'keep-last=1'}},
      'local-lvm': {type: 'lvmthin', options: {vgname: 'pve', thinpool: 'data'}},
    },
    guests: {100: {config: {name: 'a'}, volumes: {'box:100/vm-100-disk-0.qcow2': 1024 ** 3}}},
    containers: {200: {config: {hostname: 'c'}, volumes: {'box:200/vm-200-disk-0.raw': 1024}}},
  });
}

function file(cluster: Cluster, name: string, more: Partial<Volume> = {}): void {
  put(cluster, {
    volid: `box:${name}`,
    storage: 'box',
    node: 'pve1',
    format: 'raw',
    sizeBytes: 1000,
    usedBytes: 1000,
    vmid: undefined,
    parent: undefined,
    content: name.split('/')[0] ?? '',
    ctimeS: 1_767_600_000,
    snapshots: new Set(),
    ...more,
  });
}

function archive(cluster: Cluster, name: string, more: Partial<Volume> = {}): void {
  const vmid = Number(/-(\d+)-/.exec(name)?.[1]);
  file(cluster, `backup/${name}`, {vmid, format: 'vma', ...more});
}

type Params = Readonly<Record<string, string | number>>;

/** The status line, or the first parameter's error. */
function say(cluster: Cluster, call: string, params: Params = {}, who = 'root'): string {
  const {status, reason, errors} = ask(cluster, who, call, params);
  const [first] = typeof errors === 'object' && errors !== null ? Object.entries(errors) : [];
  return first === undefined ? `${status} ${reason}` : `${first[0]}: ${first[1]}`;
}

const at = '/nodes/pve1/storage';

function volids(cluster: Cluster, params: Params = {}, storage = 'box'): readonly string[] {
  const {data} = ask(cluster, 'root', `GET ${at}/${storage}/content`, params);
  return Array.isArray(data) ? data.map(({volid}) => String(volid)) : [];
}

describe('the content of a storage', () => {
  it('is what the storage is configured for', () => {
    const cluster = desk();
    file(cluster, 'iso/a.iso', {format: 'iso'});
    expect(volids(cluster)).toContain('box:iso/a.iso');
    say(cluster, 'PUT /storage/box', {content: 'images'});
    expect(volids(cluster)).toEqual(['box:100/vm-100-disk-0.qcow2']);
    expect(volids(cluster, {content: 'iso'})).toEqual([]);
  });

  it('calls an image a root directory if its owner is a container now', () => {
    const cluster = desk();
    const name = {vmid: 200, filename: 'vm-200-disk-9.raw', size: '1M'};
    say(cluster, `POST ${at}/box/content`, name);
    expect(volids(cluster, {content: 'rootdir'})).toContain('box:200/vm-200-disk-9.raw');
    cluster.guests.delete(200);
    expect(volids(cluster, {content: 'rootdir'})).toEqual([]);
    expect(volids(cluster, {content: 'images', vmid: 200})).toHaveLength(2);
  });

  it('filtered by a guest still holds snippets and importable images', () => {
    const cluster = desk();
    file(cluster, 'snippets/u.yaml');
    file(cluster, 'import/d.qcow2');
    file(cluster, 'iso/a.iso');
    file(cluster, 'vztmpl/t.tar.gz');
    expect(volids(cluster, {vmid: 100})).toEqual([
      'box:100/vm-100-disk-0.qcow2',
      'box:import/d.qcow2',
      'box:snippets/u.yaml',
    ]);
  });
});

describe('allocating', () => {
  const call = `POST ${at}/box/content`;
  it.each([
    [{filename: '../x.raw'}, "500 unable to parse volume filename '../x.raw'"],
    [{filename: 'x'}, "500 unable to parse volume filename 'x'"],
    [{filename: 'a b.raw'}, "500 unable to parse volume filename 'a b.raw'"],
    [
      {filename: 'x.subvol'},
      "500 illegal name 'x.subvol' - wrong extension for format ('subvol != 'raw')",
    ],
    [{filename: 'x.subvol', format: 'subvol'}, '500 storage does not support subvol quotas'],
    [{filename: 'x.raw', format: 'qcow2'}, 'format: different storage formats (qcow2 != raw)'],
    [{filename: 'x.img', format: 'raw'}, "500 unable to parse volume filename 'x.img'"],
    [{filename: 'x.raw', size: '1T'}, 'size: value does not match the regex pattern'],
    [{filename: 'x.raw', vmid: 1}, 'vmid: invalid format - value does not look like a valid VM ID'],
  ])('%o says %s', (params, text) => {
    const wish = {vmid: 100, size: '1G', ...params};
    expect(say(desk(), call, wish).trimEnd()).toBe(text);
  });

  it('knows the rules of each type', () => {
    const wish = {vmid: 100, size: '1G', filename: 'vm-100-disk-5'};
    const lvm = `POST ${at}/local-lvm/content`;
    expect(say(desk(), lvm, wish)).toBe('200 OK');
    expect(say(desk(), lvm, {...wish, format: 'qcow2'})).toBe(
      "500 unsupported format 'qcow2' at /usr/share/perl5/PVE/Storage/LvmThinPlugin.pm line 89.",
    );
    expect(say(desk(), lvm, {...wish, filename: 'vm-101-x'})).toBe(
      "500 illegal name 'vm-101-x' - should be 'vm-100-*'",
    );
    expect(say(desk(), `POST ${at}/nosuch/content`, wish)).toBe(
      "500 storage 'nosuch' does not exist",
    );
  });
});

describe('one volume', () => {
  it.each([
    ['foo', "500 unable to parse directory volume name 'foo'"],
    ['iso%2Fx.txt', "500 unable to parse directory volume name 'iso/x.txt'"],
    ['box%3Aiso%2Fx.iso', "500 volume_size_info on 'box:iso/x.iso' failed - no format"],
    ['100%2Fdisk', "500 unable to parse volume filename 'disk'"],
    ['vztmpl%2Fx.tgz', "500 unable to parse directory volume name 'vztmpl/x.tgz'"],
    ['local%3Aiso%2Fx.iso', 'volume: storage ID mismatch (local != box)\n'],
    ['9%3Ax', "volume: unable to parse volume ID '9:x'\n"],
  ])('named %s answers %s', (name, text) => {
    expect(say(desk(), `GET ${at}/box/content/${name}`)).toBe(text);
  });

  it('is read on a disabled storage, and its files are measured as raw ones', () => {
    const cluster = desk();
    file(cluster, 'iso/a.iso', {format: 'iso'});
    say(cluster, 'PUT /storage/box', {disable: 1});
    expect(ask(cluster, 'root', `GET ${at}/box/content/iso%2Fa.iso`).data).toEqual({
      path: '/srv/box/template/iso/a.iso',
      size: 1024,
      used: 4096,
      format: 'raw',
    });
    expect(say(cluster, `GET ${at}/box/content`)).toBe("500 storage 'box' is disabled");
  });

  it('lies where content-dirs says', () => {
    const cluster = desk();
    file(cluster, 'iso/a.iso', {format: 'iso'});
    say(cluster, 'PUT /storage/box', {'content-dirs': 'iso=cds'});
    const {data} = ask(cluster, 'root', `GET ${at}/box/content/iso%2Fa.iso`);
    expect(data).toMatchObject({path: '/srv/box/cds/a.iso'});
  });

  it('takes notes and protection if it is a backup, and five protected ones at most', () => {
    const cluster = desk();
    grant(cluster, {subject: 'ops@pve', role: 'PVEVMAdmin', path: '/vms'});
    grant(cluster, {subject: 'ops@pve', role: 'PVEDatastoreUser', path: '/storage'});
    file(cluster, 'iso/a.iso', {format: 'iso'});
    const iso = `PUT ${at}/box/content/iso%2Fa.iso`;
    expect(say(cluster, iso, {notes: 'x'})).toBe('500 only backups can have notes');
    expect(say(cluster, iso, {protected: 0})).toBe(
      "500 only backups support attribute 'protected'",
    );
    expect(say(cluster, iso)).toBe('200 OK');
    for (const minute of [0, 1, 2, 3, 4, 5]) {
      archive(cluster, `vzdump-qemu-100-2026_01_05-00_0${minute}_00.vma`);
    }
    const told = [0, 1, 2, 3, 4, 5].map((minute) =>
      say(
        cluster,
        `PUT ${at}/box/content/backup%2Fvzdump-qemu-100-2026_01_05-00_0${minute}_00.vma`,
        {protected: 1},
        'ops@pve!tk',
      ),
    );
    expect(told.slice(0, 5)).toEqual(Array(5).fill('200 OK'));
    expect(told[5]).toBe(
      "500 The number of protected backups per guest is limited to 5 on storage 'box'",
    );
  });

  it('that cannot be removed within the delay is an error of the call', () => {
    const cluster = desk();
    const name = 'vzdump-qemu-100-2026_01_05-00_00_00.vma';
    archive(cluster, name, {protected: true});
    const call = `DELETE ${at}/box/content/backup%2F${name}`;
    expect(say(cluster, call, {delay: 5})).toBe(
      `500 cannot remove protected volume 'backup/${name}' on 'box'`,
    );
    expect(say(cluster, call)).toBe('200 OK');
    expect(say(cluster, call, {delay: 31})).toBe('delay: value must have a maximum value of 30');
    expect(say(cluster, `DELETE ${at}/box/content/foo`)).toBe(
      "500 unable to parse directory volume name 'foo'",
    );
  });
});

describe('the list of storages', () => {
  it('has formats on demand and leaves other nodes’ storages without numbers', () => {
    const cluster = desk();
    const rows = (params: Params): readonly Record<string, unknown>[] => {
      const {data} = ask(cluster, 'root', `GET ${at}`, params);
      return Array.isArray(data) ? data : [];
    };
    const box = rows({format: 1}).find(({storage}) => storage === 'box');
    expect(box?.format).toEqual([{raw: 1, qcow2: 1, vmdk: 1, subvol: 1}, 'raw']);
    expect(rows({format: 1}).find(({storage}) => storage === 'local-lvm')).not.toHaveProperty(
      'format',
    );
    say(cluster, 'PUT /storage/box', {nodes: 'pve2'});
    expect(rows({storage: 'box'})[0]).toMatchObject({enabled: 0, active: 0, total: 0});
    expect(rows({enabled: 1}).map(({storage}) => storage)).toContain('box');
    expect(rows({content: 'iso'}).map(({storage}) => storage)).toEqual(['local']);
    expect(rows({target: 'pve2'})).toEqual([]);
  });
});

describe('pruning', () => {
  const url = `${at}/box/prunebackups`;
  it('marks per kind of guest, and protection before a foreign name', () => {
    const cluster = desk();
    archive(cluster, 'vzdump-qemu-100-2026_01_05-00_00_00.vma', {ctimeS: 1});
    archive(cluster, 'vzdump-lxc-100-2026_01_05-00_01_00.tar', {ctimeS: 2});
    archive(cluster, 'vzdump-qemu-100-mine.vma', {protected: true});
    const {data} = ask(cluster, 'root', `GET ${url}`);
    const marks = Array.isArray(data) ? data.map(({type, mark}) => `${type} ${mark}`) : [];
    expect([...marks].sort()).toEqual(['lxc keep', 'qemu keep', 'qemu protected']);
    const lxc = ask(cluster, 'root', `GET ${url}`, {type: 'lxc'}).data;
    expect(lxc).toHaveLength(1);
  });

  it('needs a storage for backups, and each privilege by itself', () => {
    const cluster = desk();
    expect(say(cluster, `GET ${at}/local-lvm/prunebackups`)).toBe(
      "500 storage 'local-lvm' does not support backups",
    );
    expect(say(cluster, `GET ${at}/local/prunebackups`)).toBe(
      "500 no prune-backups options configured for storage 'local'",
    );
    expect(say(cluster, `GET ${url}`, {'prune-backups': 'keep-all=1,keep-last=2'})).toBe(
      'prune-backups: invalid format - keep-all cannot be set together with other options.\n',
    );
    cluster.access.roles.set('Owner', new Set(['Datastore.Allocate', 'Datastore.Audit']));
    grant(cluster, {subject: 'ops@pve', role: 'Owner', path: '/storage'});
    expect(say(cluster, `DELETE ${url}`, {vmid: 100}, 'ops@pve!tk')).toBe(
      '403 Permission check failed (/storage/box, Datastore.AllocateSpace)',
    );
  });
});

describe('what only some storages can', () => {
  it('is refused by the others', () => {
    const cluster = desk();
    archive(cluster, 'vzdump-qemu-100-2026_01_05-00_00_00.vma');
    file(cluster, 'import/d.qcow2');
    const volume = 'vzdump-qemu-100-2026_01_05-00_00_00.vma';
    const restore = {volume, filepath: '/'};
    expect(say(cluster, `GET ${at}/box/file-restore/list`, restore)).toBe(
      'storage: Only PBS storages supported for file-restore.',
    );
    expect(say(cluster, `GET ${at}/box/file-restore/list`, {...restore, volume: 'local:x'})).toBe(
      'volume: storage ID mismatch (local != box).',
    );
    const read = (name: string): string =>
      say(cluster, `GET ${at}/box/import-metadata`, {volume: name});
    expect(read('import/d.qcow2')).toBe('500 invalid format');
    expect(read('100/vm-100-disk-0.qcow2')).toBe("500 invalid content type 'images'");
    expect(read('nope')).toBe("500 unable to parse directory volume name 'nope'");
    expect(say(cluster, `GET ${at}/local-lvm/import-metadata`, {volume: 'vm-100-disk-0'})).toBe(
      '500 storage does not support the importer API',
    );
  });
});

describe('a download', () => {
  const call = `POST ${at}/box/download-url`;
  it.each([
    [{content: 'vztmpl', filename: 'a.tgz'}, 'filename: wrong file extension'],
    [{content: 'import', filename: 'a.ovf'}, 'filename: invalid filename or wrong extension'],
    [{content: 'import', filename: 'a.QCOW2'}, 'filename: invalid filename or wrong extension'],
    [{content: 'iso', filename: '.iso'}, 'filename: wrong file extension'],
    [{content: 'iso', filename: 'a.ISO'}, '200 OK'],
    [
      {content: 'iso', filename: 'a.iso', checksum: 'x'},
      "checksum-algorithm: missing property - 'checksum' requires this property",
    ],
    [
      {content: 'iso', filename: 'a.iso', url: 'ftp://x/a.iso'},
      'url: value does not match the regex pattern',
    ],
  ])('%o says %s', (params, text) => {
    const wish = {url: 'http://127.0.0.1:1/a.iso', ...params};
    expect(say(desk(), call, wish)).toBe(text);
  });

  it('keeps the last part of a name, and unpacks CD images only', () => {
    const cluster = desk();
    const wish = {url: 'http://127.0.0.1:1/a', content: 'vztmpl', compression: 'gz'};
    const {data} = ask(cluster, 'root', call, {...wish, filename: '../x/b c.tar.gz'});
    expect(String(data)).toContain(':download:b_c.tar.gz:');
    expect(cluster.tasks.get(String(data))?.exitStatus).toBe(
      'decompression not supported for vztmpl',
    );
  });
});

it('a guest that is added later owns its volumes', () => {
  const cluster = desk();
  addGuest(cluster, 101, {config: {}, volumes: {'box:101/vm-101-disk-0.raw': 512}});
  expect(volids(cluster, {vmid: 101})).toEqual(['box:101/vm-101-disk-0.raw']);
});

describe('a base volume', () => {
  const base = {vmid: 100, content: 'images', format: 'qcow2'};
  it('in use stays, but on a thin pool, which does not tell of its clones', () => {
    const cluster = desk();
    file(cluster, '100/base-100-disk-0.qcow2', base);
    const link = '100/base-100-disk-0.qcow2/101/vm-101-disk-0.qcow2';
    file(cluster, link, {...base, vmid: 101, parent: '100/base-100-disk-0.qcow2'});
    const call = `DELETE ${at}/box/content/100%2Fbase-100-disk-0.qcow2`;
    expect(say(cluster, call, {delay: 3})).toBe(
      "500 base volume '100/base-100-disk-0.qcow2' is still in use by linked clones",
    );
    const thin = {...base, format: 'raw', storage: 'local-lvm'};
    file(cluster, 'x', {...thin, volid: 'local-lvm:base-100-disk-0'});
    file(cluster, 'y', {...thin, volid: 'local-lvm:vm-101-disk-0', parent: 'base-100-disk-0'});
    const {data} = ask(cluster, 'root', `GET ${at}/local-lvm/content`);
    expect(JSON.stringify(data)).not.toContain('parent');
    const gone = `DELETE ${at}/local-lvm/content/base-100-disk-0`;
    expect(say(cluster, gone, {delay: 3})).toBe('200 OK');
  });
});

describe('looking for storages', () => {
  it.each<[string, Params, string]>([
    [
      'nfs',
      {server: '192.0.2.1'},
      "500 command '/sbin/showmount --no-headers --exports 192.0.2.1'",
    ],
    ['nfs', {server: 'nosuch.test'}, "500 unable to resolve address for server 'nosuch.test'"],
    ['cifs', {server: 'nosuch.test'}, "500 unable to resolve address for server 'nosuch.test'"],
    ['glusterfs', {server: 'nosuch.test'}, '500 unable to resolve address for server'],
    ['iscsi', {portal: 'nosuch.test'}, "500 unable to parse/resolve portal address 'nosuch.test'"],
    ['iscsi', {portal: '192.0.2.1'}, '200 OK'],
    ['nfs', {}, 'server: property is missing and it is not optional'],
    ['lvmthin', {vg: 'pve'}, '200 OK'],
    ['lvmthin', {}, 'vg: property is missing and it is not optional'],
  ])('%s %o says %s', (kind, params, text) => {
    expect(say(desk(), `GET /nodes/pve1/scan/${kind}`, params)).toContain(text);
  });

  it('finds what the storages of the node are made of', () => {
    const cluster = desk();
    const {data} = ask(cluster, 'root', 'GET /nodes/pve1/scan/lvmthin', {vg: 'pve'});
    expect(data).toEqual([{vg: 'pve', lv: 'data'}]);
    expect(ask(cluster, 'root', 'GET /nodes/pve1/scan/lvm').data).toMatchObject([{vg: 'pve'}]);
  });
});
