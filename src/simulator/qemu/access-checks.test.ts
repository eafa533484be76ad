// Why this exists: a token with too few rights must meet the same 403 that the real API gives, key
// by key, and nothing of a refused write may stay behind.
import {describe, expect, it} from 'vitest';
import {addToken, buildCluster, grant} from '../build.ts';
import {handle} from '../handle.ts';
import type {Cluster} from '../state.ts';

const gib = 1024 ** 3;

function prepared(privileges: readonly string[]): Cluster {
  const cluster = buildCluster({
    storages: {
      thin: {type: 'lvmthin', content: ['images']},
      files: {content: ['iso', 'snippets'], options: {path: '/srv'}},
    },
    guests: {
      100: {
        config: {
          name: 'a',
          scsi0: 'thin:vm-100-disk-0,size=1G',
          ide2: 'none,media=cdrom',
          tags: 'prod',
        },
        volumes: {'thin:vm-100-disk-0': gib, 'thin:vm-200-disk-0': gib},
      },
    },
  });
  cluster.access.roles.set('Some', new Set(privileges));
  cluster.options.set('registered-tags', 'prod');
  addToken(cluster, {user: 'ops@pve', token: 't', secret: 's', privsep: false});
  grant(cluster, {subject: 'ops@pve', role: 'Some', path: '/'});
  return cluster;
}

function put(cluster: Cluster, params: Readonly<Record<string, string>>) {
  const request = {
    method: 'PUT',
    path: '/api2/json/nodes/pve1/qemu/100/config',
    headers: {authorization: 'PVEAPIToken=ops@pve!t=s'},
    body: new URLSearchParams(params).toString(),
  };
  const response = handle(cluster, request, cluster.nowMs);
  return response.kind === 'answer' ? response : expect.unreachable('an answer comes');
}

const cpu = 'VM.Config.CPU';
const specialSyntax =
  "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>";
const needed = (name: string): string => `need to specify '${name}' when using 'import-from'`;
const rootPath =
  'Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 581.';
const refusals = [
  ['memory', '1024', [cpu], '(/vms/100, VM.Config.Memory)'],
  ['onboot', '1', [cpu], '(/vms/100, VM.Config.Options)'],
  ['startup', 'order=1', ['VM.Config.Options'], '(/, Sys.Modify)'],
  ['ciuser', 'x', [cpu], '(/vms/100, VM.Config.Cloudinit|VM.Config.Network)'],
  ['boot', 'order=scsi0', [cpu], '(/vms/100, VM.Config.Disk)'],
  ['vga', 'std', [cpu], '(/vms/100, VM.Config.HWType)'],
  [
    'net0',
    'virtio,bridge=vmbr0,tag=7',
    ['VM.Config.Network'],
    '(/sdn/zones/localnetwork/vmbr0/7, SDN.Use)',
  ],
  ['scsi1', 'thin:1', ['VM.Config.Disk'], '(/storage/thin, Datastore.AllocateSpace)'],
  ['scsi1', 'thin:vm-200-disk-0', [cpu], '(/storage/thin, Datastore.Audit)'],
  ['scsi1', 'thin:vm-200-disk-0', [cpu, 'Datastore.Audit'], '(/vms/200, VM.Config.Disk)'],
  ['unused3', 'thin:vm-200-disk-0', [cpu], '(/storage/thin, Datastore.Audit)'],
  ['vmstatestorage', 'thin', ['VM.Config.Disk'], '(/storage/thin, Datastore.AllocateSpace)'],
  [
    'net0',
    'virtio,bridge=vmbr0,trunks=3;5-6',
    ['VM.Config.Network'],
    '(/sdn/zones/localnetwork/vmbr0/3, SDN.Use)',
  ],
  ['usb0', 'mapping=key', ['VM.Config.HWType'], '(/mapping/usb/key, Mapping.Use)'],
  ['hostpci0', 'mapping=gpu', ['VM.Config.HWType'], '(/mapping/pci/gpu, Mapping.Use)'],
  ['rng0', 'source=/dev/hwrng', ['VM.Config.HWType'], '(/mapping/hwrng, Mapping.Use)'],
  ['virtiofs0', 'share', ['VM.Config.Disk'], '(/mapping/dir/share, Mapping.Use)'],
  ['ide2', 'none,media=cdrom', [cpu], '(/vms/100, VM.Config.CDROM)'],
  ['tags', 'prod;x', [cpu], '(/vms/100, VM.Config.Options)'],
] as const;

describe('a config write', () => {
  it.each(refusals)('of %s=%s with only %j is 403 %s', (key, value, privileges, detail) => {
    const cluster = prepared(privileges);
    const answer = put(cluster, {[key]: value});
    expect([answer.status, answer.reason]).toEqual([403, `Permission check failed ${detail}`]);
    expect(cluster.effects).toEqual([]);
  });

  const rootOnly = ['args', 'vmgenid', 'lock', 'affinity', 'keephugepages'] as const;
  const values = {
    args: '-x',
    vmgenid: '1',
    lock: 'backup',
    affinity: '0',
    keephugepages: '1',
  };
  it.each([
    ['scsi1', 'thin:1,import-from=thin:vm-200-disk-0', specialSyntax],
    ['scsi1', 'thin:1,mbps=1,mbps_rd=1', 'unable to parse drive options'],
    ['virtio1', 'none,media=cdrom', 'unable to parse drive options'],
    ['ide1', 'files:iso/a.iso', "explicit 'media=cdrom' is required for iso images"],
    ['tpmstate0', 'thin:0,import-from=thin:vm-200-disk-0', needed('version')],
    ['efidisk0', 'thin:0,import-from=thin:vm-200-disk-0,efitype=4m', needed('pre-enrolled-keys')],
    ['scsi1', '/srv/a.raw', "unable to associate path '/srv/a.raw' to any storage"],
    ['hookscript', 'files:snippets/x.sh', "script 'files:snippets/x.sh' does not exist\n"],
    ['hookscript', 'files:iso/x.iso', "'files:iso/x.iso' is not in the snippets directory\n"],
  ])('of %s=%s is 400 whatever the rights (Qemu.pm, Drive.pm)', (key, value, text) => {
    const {status, body} = put(prepared([]), {[key]: value});
    // The schema's own check asks for any of the VM.Config privileges first.
    expect([status, JSON.parse(body).errors]).toEqual([403, undefined]);
    const allowed = put(prepared([cpu]), {[key]: value});
    expect([allowed.status, JSON.parse(allowed.body).errors]).toEqual([400, {[key]: text}]);
  });

  it.each([
    ['serial0', '/dev/ttyS0', "only root can modify 'serial0' config for real devices"],
    ['usb0', 'host=1234:5678', "only root can set 'usb0' config for real devices"],
    ['hostpci0', '01:00.0', "only root can set 'hostpci0' config for non-mapped devices"],
    ['usb1', 'usb3=1', "either 'host' or 'mapping' must be set."],
    ['vga', 'serial0,clipboard=vnc', 'vga type serial0 is not compatible with VNC clipboard'],
    ['machine', 'viommu=intel', 'to use Intel vIOMMU please set the machine type to q35'],
    ['scsi1', '/dev/sdb', rootPath],
  ])('of %s=%s is 500 for all but root (Qemu.pm)', (key, value, reason) => {
    const cluster = prepared(['VM.Config.HWType', 'VM.Config.Disk']);
    expect(put(cluster, {[key]: value})).toMatchObject({status: 500, reason});
  });

  it.each(rootOnly)('of %s is refused for everybody but root', (key) => {
    const cluster = prepared([cpu, 'VM.Config.Options', 'VM.Config.HWType', 'Sys.Modify']);
    expect(put(cluster, {[key]: values[key]})).toMatchObject({
      status: 500,
      reason: `only root can set '${key}' config`,
    });
  });

  it('that takes a registered tag away needs Sys.Modify and names the tag', () => {
    const answer = put(prepared(['VM.Config.Options']), {delete: 'tags'});
    expect(answer.status).toBe(403);
    expect(answer.reason).toContain("for modifying tag 'prod'");
    expect(put(prepared(['VM.Config.Options', 'Sys.Modify']), {delete: 'tags'}).status).toBe(200);
  });

  it('of real devices is root’s, mapped ones need the mapping', () => {
    const cluster = prepared(['VM.Config.HWType']);
    expect(put(cluster, {usb0: 'host=1-1'}).reason).toBe(
      "only root can set 'usb0' config for real devices",
    );
    expect(put(cluster, {usb0: 'mapping=stick'}).reason).toBe(
      'Permission check failed (/mapping/usb/stick, Mapping.Use)',
    );
    expect(put(cluster, {usb0: 'spice'}).status).toBe(200);
  });
});
