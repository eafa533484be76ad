// Why this exists: a token with too few rights must meet the same 403 that the real API gives, key
// by key, and nothing of a refused write may stay behind.
import {describe, expect, it} from 'vitest';
import {addToken, buildCluster, grant} from '../build.ts';
import {handle} from '../handle.ts';
import type {Cluster} from '../state.ts';

const gib = 1024 ** 3;

function prepared(privileges: readonly string[]): Cluster {
  const cluster = buildCluster({
    storages: {thin: {type: 'lvmthin', content: ['images']}},
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
  ['scsi1', 'thin:vm-200-disk-0', [cpu], '(/vms/200, VM.Config.Disk)'],
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

  const rootOnly = ['args', 'hookscript', 'vmgenid', 'lock', 'affinity', 'keephugepages'] as const;
  const values = {
    args: '-x',
    hookscript: 'thin:snippets/x',
    vmgenid: '1',
    lock: 'backup',
    affinity: '0',
    keephugepages: '1',
  };
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
