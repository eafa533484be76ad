// Why this exists: what a node and the cluster keep of themselves (network, settings, services,
// replication, mappings, metrics, notifications, SDN), as pve-manager and pve-network have it.
import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

function say(desk: Cluster, call: string, params: Record<string, string> = {}): string {
  const {status, reason, errors} = ask(desk, 'root', call, params);
  const [first] = typeof errors === 'object' && errors !== null ? Object.entries(errors) : [];
  return first === undefined ? `${status} ${reason}` : `${first[0]}: ${first[1]}`;
}

describe('interfaces (PVE/API2/Network.pm)', () => {
  const bridge = {iface: 'vmbr9', type: 'bridge', cidr: '10.9.0.1/24', autostart: '1'};

  it('are staged with a difference until they are applied', () => {
    const desk = makeDesk();
    expect(say(desk, 'POST /nodes/pve1/network', bridge)).toBe('200 OK');
    const staged = ask(desk, 'root', 'GET /nodes/pve1/network');
    expect(staged.changes).toContain('+iface vmbr9 inet static');
    expect(staged.data).toContainEqual(
      expect.objectContaining({iface: 'vmbr9', address: '10.9.0.1', netmask: '24', autostart: 1}),
    );
    expect(desk.nodes.get('pve1')?.bridges.has('vmbr9')).toBe(false);
    expect(say(desk, 'PUT /nodes/pve1/network')).toBe('200 OK');
    expect(desk.nodes.get('pve1')?.bridges.has('vmbr9')).toBe(true);
    expect(ask(desk, 'root', 'GET /nodes/pve1/network').changes).toBeUndefined();
  });

  it('are discarded', () => {
    const desk = makeDesk();
    say(desk, 'POST /nodes/pve1/network', bridge);
    say(desk, 'DELETE /nodes/pve1/network');
    expect(say(desk, 'GET /nodes/pve1/network/vmbr9')).toBe('iface: interface does not exist');
  });

  it('share neither gateway nor port nor name', () => {
    const desk = makeDesk();
    const {iface, ...rest} = bridge;
    expect(say(desk, 'POST /nodes/pve1/network', {...rest, iface: 'vmbr0'})).toBe(
      'iface: interface already exists',
    );
    expect(say(desk, 'POST /nodes/pve1/network', {...bridge, gateway: '10.9.0.254'})).toBe(
      "gateway: Default gateway already exists on interface 'vmbr0'.",
    );
    expect(say(desk, 'POST /nodes/pve1/network', {...bridge, bridge_ports: 'eth0'})).toBe(
      "bridge_ports: eth0 is already used on interface 'vmbr0'.",
    );
    const twice = {...bridge, address: '10.9.0.2', netmask: '255.255.255.0'};
    expect(say(desk, 'POST /nodes/pve1/network', twice)).toBe(
      'address: address conflicts with cidr',
    );
    expect(iface).toBe('vmbr9');
  });
});

describe('a node (PVE/API2/Nodes.pm)', () => {
  it('keeps its notes with a digest, and its name servers once each', () => {
    const desk = makeDesk();
    expect(ask(desk, 'root', 'GET /nodes/pve1/config').data).toEqual({});
    say(desk, 'PUT /nodes/pve1/config', {description: 'note', 'startall-onboot-delay': '5'});
    expect(ask(desk, 'root', 'GET /nodes/pve1/config').data).toMatchObject({
      description: 'note\n',
      'startall-onboot-delay': '5',
    });
    expect(say(desk, 'PUT /nodes/pve1/config', {description: 'x', digest: '0'.repeat(40)})).toBe(
      '500 detected modified configuration - file changed by other user? Try again.',
    );
    say(desk, 'PUT /nodes/pve1/dns', {search: 'a.b', dns1: '10.0.0.1', dns2: '10.0.0.1'});
    expect(ask(desk, 'root', 'GET /nodes/pve1/dns').data).toEqual({
      search: 'a.b',
      dns1: '10.0.0.1',
    });
  });

  it('knows time zones, and shows what its clock on the wall shows', () => {
    const desk = makeDesk();
    expect(say(desk, 'PUT /nodes/pve1/time', {timezone: 'Nowhere/X'})).toBe(
      'timezone: No such timezone',
    );
    say(desk, 'PUT /nodes/pve1/time', {timezone: 'Europe/Vienna'});
    const {data} = ask(desk, 'root', 'GET /nodes/pve1/time');
    const {time, localtime} = Object(data);
    expect(localtime - time).toBe(3600);
  });

  it('does not wake itself, nor another without an address', () => {
    const desk = makeDesk();
    expect(say(desk, 'POST /nodes/pve1/wakeonlan')).toBe(
      "500 'pve1' is local node, cannot wake my self!",
    );
    expect(say(desk, 'POST /nodes/pve2/wakeonlan')).toBe(
      "500 No wake on LAN MAC address defined for 'pve2'!",
    );
  });

  it('never stops the services of the API', () => {
    const desk = makeDesk();
    say(desk, 'POST /nodes/pve1/services/pveproxy/stop');
    const [task] = [...desk.tasks.values()].reverse();
    expect([task?.type, task?.exitStatus]).toEqual([
      'srvstop',
      "invalid service cmd 'pveproxy stop': refusing to stop essential service!",
    ]);
  });
});

describe('replication (PVE/API2/ReplicationConfig.pm)', () => {
  const disk = {'tank:vm-100-disk-0': 1024};
  const desk = (replicable: boolean): Cluster =>
    makeDesk({
      storages: {tank: {type: replicable ? 'zfspool' : 'lvm'}},
      guests: {100: {config: {scsi0: 'tank:vm-100-disk-0,size=1K'}, volumes: disk}},
    });

  it('needs a guest, another node and volumes of ZFS', () => {
    const job = {id: '100-0', type: 'local', target: 'pve2'};
    expect(say(desk(true), 'POST /cluster/replication', {...job, id: '999-0'})).toBe(
      "500 Guest '999' does not exist.",
    );
    expect(say(desk(true), 'POST /cluster/replication', {...job, target: 'pve1'})).toBe(
      '500 Source and target must not be identical',
    );
    expect(say(desk(false), 'POST /cluster/replication', job)).toBe(
      "500 missing replicate feature on volume 'tank:vm-100-disk-0'",
    );
  });

  it('is changed, marked for removal, and gone only by force', () => {
    const cluster = desk(true);
    const job = {id: '100-0', type: 'local', target: 'pve2', rate: '1.5'};
    expect(say(cluster, 'POST /cluster/replication', job)).toBe('200 OK');
    expect(say(cluster, 'POST /cluster/replication', job)).toBe(
      "500 replication job '100-0' already exists",
    );
    expect(say(cluster, 'PUT /cluster/replication/100-0', {delete: 'target'})).toBe(
      "500 unable to delete required option 'target'",
    );
    expect(say(cluster, 'DELETE /cluster/replication/100-0')).toBe('200 OK');
    expect(ask(cluster, 'root', 'GET /cluster/replication').data).toMatchObject([
      {id: '100-0', guest: 100, jobnum: 0, source: 'pve1', rate: 1.5, remove_job: 'full'},
    ]);
    say(cluster, 'DELETE /cluster/replication/100-0?force=1');
    expect(ask(cluster, 'root', 'GET /cluster/replication').data).toEqual([]);
  });
});

describe('the cluster', () => {
  it('names devices and directories (PVE/API2/Cluster/Mapping)', () => {
    const desk = makeDesk();
    const map = 'node=pve1,path=0000:01:00.0,id=8086:1234';
    expect(say(desk, 'POST /cluster/mapping/pci', {id: 'gpu', map})).toBe('200 OK');
    expect(say(desk, 'POST /cluster/mapping/pci', {id: 'gpu', map})).toBe(
      "500 create hardware mapping failed: pci ID 'gpu' already defined",
    );
    expect(ask(desk, 'root', 'GET /cluster/mapping/pci/gpu').data).toMatchObject({map: [map]});
    expect(say(desk, 'GET /cluster/mapping/pci/none')).toBe("500 mapping 'none' not found");
    expect(ask(desk, 'ops@pve!tk', 'GET /cluster/mapping/pci').data).toEqual([]);
  });

  it('knows metric servers by their type (PVE/API2/Cluster/MetricServer.pm)', () => {
    const desk = makeDesk();
    const path = '/cluster/metrics/server/m1';
    expect(say(desk, `POST ${path}`, {type: 'influxdb', server: 'a.b', port: '8089'})).toBe(
      '200 OK',
    );
    expect(ask(desk, 'root', 'GET /cluster/metrics/server').data).toEqual([
      {id: 'm1', disable: 0, type: 'influxdb', server: 'a.b', port: 8089},
    ]);
    expect(say(desk, `PUT ${path}`, {server: 'a.b', port: '1', proto: 'tcp'})).toBe(
      "500 unexpected property 'proto'",
    );
  });

  it('tells a single node that it is in no cluster (PVE/API2/ClusterConfig.pm)', () => {
    const desk = makeDesk({nodes: ['pve1']});
    expect(say(desk, 'GET /cluster/config/join')).toBe(
      '424 node is not in a cluster, no join info available!',
    );
  });

  it('routes notifications by what is built in, until that is changed', () => {
    const desk = makeDesk();
    const matcher = '/cluster/notifications/matchers/default-matcher';
    say(desk, `PUT ${matcher}`, {comment: 'mine'});
    expect(ask(desk, 'root', `GET ${matcher}`).data).toMatchObject({
      comment: 'mine',
      origin: 'modified-builtin',
      target: ['mail-to-root'],
    });
    say(desk, `DELETE ${matcher}`);
    expect(ask(desk, 'root', `GET ${matcher}`).data).toMatchObject({origin: 'builtin'});
    expect(say(desk, 'GET /cluster/notifications/endpoints/gotify/x1')).toBe(
      "404 endpoint 'x1' not found",
    );
  });

  it('shows what is pending in its network, and applies it (PVE/Network/SDN.pm)', () => {
    const desk = makeDesk();
    expect(say(desk, 'POST /cluster/sdn/zones', {zone: 'lab', type: 'vlan'})).toBe(
      "500 missing value for required option 'bridge'",
    );
    say(desk, 'POST /cluster/sdn/zones', {zone: 'lab', type: 'vlan', bridge: 'vmbr0'});
    expect(say(desk, 'POST /cluster/sdn/vnets', {vnet: 'v1', zone: 'lab'})).toBe(
      '500 create sdn vnet object failed: 400 Parameter verification failed.',
    );
    say(desk, 'POST /cluster/sdn/vnets', {vnet: 'v1', zone: 'lab', tag: '5'});
    expect(ask(desk, 'root', 'GET /cluster/sdn/vnets?pending=1').data).toEqual([
      {vnet: 'v1', type: 'vnet', state: 'new', pending: {zone: 'lab', tag: 5}},
    ]);
    say(desk, 'PUT /cluster/sdn');
    expect(ask(desk, 'root', 'GET /cluster/sdn/vnets?pending=1').data).toEqual([
      {vnet: 'v1', type: 'vnet', zone: 'lab', tag: 5},
    ]);
    expect(say(desk, 'DELETE /cluster/sdn/zones/lab')).toBe(
      '500 delete sdn zone object failed: zone lab is used by vnet v1 at ' +
        '/usr/share/perl5/PVE/Network/SDN/Zones/Plugin.pm line 138.',
    );
  });

  it('is held in 9.1 by who has the token of its lock', () => {
    const desk = makeDesk({version: '9.1'});
    const zone = {zone: 'lab', type: 'simple'};
    const token = String(ask(desk, 'root', 'POST /cluster/sdn/lock').data);
    expect(say(desk, 'POST /cluster/sdn/zones', zone)).toContain(
      '500 create sdn zone object failed: invalid lock token provided!',
    );
    expect(say(desk, 'POST /cluster/sdn/zones', {...zone, 'lock-token': token})).toBe('200 OK');
    expect(say(desk, 'POST /cluster/sdn/rollback', {'lock-token': token})).toBe('200 OK');
    expect(ask(desk, 'root', 'GET /cluster/sdn/zones').data).toEqual([]);
    expect(say(desk, 'POST /cluster/sdn/zones', zone)).toBe('200 OK');
    expect(say(desk, 'POST /cluster/sdn/lock')).toBe(
      '500 could not acquire lock for SDN config: configuration has pending changes',
    );
  });

  it('sums up the running guests of a pool in the resource list (PVE/API2/Cluster.pm)', () => {
    const desk = makeDesk({
      pools: ['web'],
      guests: {
        100: {config: {memory: '64'}, running: true, pool: 'web'},
        101: {config: {}, pool: 'web'},
      },
    });
    const {data} = ask(desk, 'root', 'GET /cluster/resources');
    expect(data).toContainEqual(
      expect.objectContaining({id: '/pool/web', maxmem: 64 * 1024 ** 2, uptime: 60}),
    );
  });
});
