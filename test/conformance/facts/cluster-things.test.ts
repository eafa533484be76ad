// Why this exists: mappings and metric servers are tried out when they are asked about or stored,
// and nothing that they need is there (PVE/API2/Cluster/Mapping, MetricServer.pm).
import {describe, expect, it} from 'vitest';
import {ask, makeDesk} from './desk.ts';

describe('mappings (PVE/Mapping/PCI.pm, USB.pm)', () => {
  it('are checked against the node, each kind in its own words', () => {
    const desk = makeDesk();
    const pci = {id: 'gpu', map: 'node=pve1,path=0000:01:00,id=8086:1234'};
    const usb = {id: 'key', map: 'node=pve1,id=1234:abcd'};
    expect(ask(desk, 'root', 'POST /cluster/mapping/pci', pci).status).toBe(200);
    expect(ask(desk, 'root', 'POST /cluster/mapping/usb', usb).status).toBe(200);
    const error = (device: string) => [
      {severity: 'error', message: `Invalid configuration: ${device} not found\n`},
    ];
    const check = {'check-node': 'pve1'};
    expect(ask(desk, 'root', 'GET /cluster/mapping/pci', check).data).toMatchObject([
      {id: 'gpu', checks: error("pci device '0000:01:00.0'")},
    ]);
    expect(ask(desk, 'root', 'GET /cluster/mapping/usb', check).data).toMatchObject([
      {id: 'key', errors: error("usb device '1234:abcd'")},
    ]);
    const other = {'check-node': 'pve2'};
    expect(ask(desk, 'root', 'GET /cluster/mapping/pci', other).reason).toBe(
      'wrong node to check - pve2 != pve1',
    );
    expect(ask(desk, 'root', 'GET /cluster/mapping/usb', other).reason).toBe('Wrong node to check');
  });
});

describe('metric servers (PVE/Status/InfluxDB.pm, Graphite.pm)', () => {
  const path = '/cluster/metrics/server/m1';

  it('are tried when they are made and when they are changed', () => {
    const desk = makeDesk();
    const web = {type: 'influxdb', server: '10.9.9.9', port: '8086', influxdbproto: 'http'};
    expect(ask(desk, 'root', `POST ${path}`, web).reason).toBe(
      "500 Can't connect to 10.9.9.9:8086 (Connection refused)",
    );
    const disabled = {...web, disable: '1'};
    expect(ask(desk, 'root', `POST ${path}`, disabled).status).toBe(200);
    const enable = {server: '10.9.9.9', port: '8086', disable: '0'};
    expect(ask(desk, 'root', `PUT ${path}`, enable).reason).toBe(
      "500 Can't connect to 10.9.9.9:8086 (Connection refused)",
    );
    expect(ask(desk, 'root', `GET ${path}`).data).toMatchObject({disable: 1});
  });

  it('that are not there have no type to be deleted by', () => {
    expect(ask(makeDesk(), 'root', `DELETE ${path}`).reason).toBe(
      'cannot lookup undefined type! at ' +
        '/usr/share/perl5/PVE/API2/Cluster/MetricServer.pm line 295.',
    );
  });
});

describe('disks (PVE/Diskmanage.pm, PVE/API2/Disks)', () => {
  const say = (call: string, params: Record<string, string>) =>
    ask(makeDesk(), 'root', call, params).reason;
  const base = '/nodes/pve1/disks';

  it('that are in use, no devices or nowhere are refused by their path', () => {
    expect(say(`POST ${base}/lvm`, {name: 'vg', device: '/dev/vda'})).toBe(
      "device '/dev/vda' is already in use",
    );
    expect(say(`POST ${base}/directory`, {name: 'vg', device: '/dev/nope'})).toBe(
      'not a valid block device',
    );
    expect(say(`POST ${base}/lvmthin`, {name: 'vg', device: '/nowhere/at/all'})).toBe(
      'failed to get absolute path to /nowhere/at/all',
    );
    expect(say(`POST ${base}/initgpt`, {disk: '/dev/vda'})).toBe('disk /dev/vda already in use');
    expect(say(`POST ${base}/initgpt`, {disk: '/dev/vda1'})).toBe('/dev/vda1 is a partition');
    expect(say(`PUT ${base}/wipedisk`, {disk: '/dev/vda'})).toBe(
      "disk/partition '/dev/vda' is mounted",
    );
    expect(say(`GET ${base}/smart`, {disk: '/dev/nope'})).toBe('not a valid block device');
    const draid = {
      name: 'tank',
      devices: '/dev/vda',
      raidlevel: 'single',
      'draid-config': 'data=1',
    };
    expect(say(`POST ${base}/zfs`, {...draid, 'draid-config': 'data=1,spares=1'})).toBe(
      'draid-config set without using dRAID level',
    );
  });

  it('that are free are none', () => {
    const told = ask(makeDesk(), 'root', `GET ${base}/list`, {type: 'unused'});
    expect(told.data).toEqual([]);
  });

  it('are missed by the worker only', () => {
    const desk = makeDesk();
    const {data} = ask(desk, 'root', `DELETE ${base}/lvm/vg0`);
    expect(desk.tasks.get(String(data))).toMatchObject({
      type: 'lvmremove',
      id: 'vg0',
      exitStatus: "no such volume group 'vg0'",
    });
  });
});

describe('the firewall of a virtual network (PVE/API2/Firewall/Vnet.pm)', () => {
  const base = '/cluster/sdn/vnets/v1/firewall';

  it('is there once the network runs, and forwards only', () => {
    const desk = makeDesk();
    ask(desk, 'root', 'POST /cluster/sdn/zones', {zone: 'z1', type: 'simple'});
    ask(desk, 'root', 'POST /cluster/sdn/vnets', {vnet: 'v1', zone: 'z1'});
    expect(ask(desk, 'root', `GET ${base}/options`).reason).toBe(
      'invalid vnet specified at /usr/share/perl5/PVE/API2/Firewall/Helpers.pm line 55.',
    );
    ask(desk, 'root', 'PUT /cluster/sdn');
    expect(ask(desk, 'ops@pve!tk', `GET ${base}/rules`).reason).toBe(
      'Permission check failed (/sdn/zones/z1/v1, SDN.Audit|SDN.Allocate)',
    );
    const rule = {type: 'in', action: 'ACCEPT'};
    expect(ask(desk, 'root', `POST ${base}/rules`, rule).errors).toEqual({
      type: "invalid rule type 'in' for rule_env 'vnet'",
    });
    expect(ask(desk, 'root', `POST ${base}/rules`, {...rule, type: 'forward'}).status).toBe(200);
    expect(ask(desk, 'root', `PUT ${base}/options`, {policy_forward: 'DROP'}).status).toBe(200);
    expect(ask(desk, 'root', `GET ${base}/options`).data).toMatchObject({policy_forward: 'DROP'});
    expect(ask(desk, 'root', 'GET /nodes/pve1/sdn/zones/z1/content').data).toMatchObject([
      {vnet: 'v1'},
    ]);
  });
});

describe('subnets (PVE/Network/SDN/SubnetPlugin.pm)', () => {
  it('hold their gateway and their DHCP ranges', () => {
    const desk = makeDesk();
    ask(desk, 'root', 'POST /cluster/sdn/zones', {zone: 'z1', type: 'simple'});
    expect(ask(desk, 'root', 'POST /cluster/sdn/vnets', {vnet: 'v1', zone: 'no'}).reason).toBe(
      'create sdn vnet object failed: cannot lookup undefined type! at ' +
        '/usr/share/perl5/PVE/API2/Network/SDN/Vnets.pm line 224.',
    );
    ask(desk, 'root', 'POST /cluster/sdn/vnets', {vnet: 'v1', zone: 'z1'});
    const make = (params: Record<string, string>) =>
      ask(desk, 'root', 'POST /cluster/sdn/vnets/v1/subnets', {type: 'subnet', ...params}).message;
    const failed = 'create sdn subnet object failed: 400 Parameter verification failed.\n';
    expect(make({subnet: '10.1.0.0/24', gateway: '10.9.0.1'})).toBe(
      `${failed}gateway: 10.9.0.1 is not in subnet 10.1.0.0/24\n`,
    );
    const range = (start: string, end: string) => `start-address=${start},end-address=${end}`;
    expect(make({subnet: 'fd00::/64', 'dhcp-range': range('fd00::9', 'fd00::1')})).toBe(
      `${failed}dhcp-range: start-address fd00::9 must be smaller than end-address fd00::1\n`,
    );
    expect(make({subnet: '10.1.0.0/24', 'dhcp-range': range('10.1.0.9', '10.1.1.1')})).toBe(
      `${failed}dhcp-range: end-address 10.1.1.1 is not in subnet 10.1.0.0/24\n`,
    );
    expect(make({subnet: '10.1.0.0/24', gateway: '10.1.0.1'})).toBeUndefined();
    expect(make({subnet: '10.2.0.1/32', gateway: '10.9.0.1'})).toBeUndefined();
  });
});

describe('notifications (proxmox-notify api/mod.rs)', () => {
  const base = '/cluster/notifications';

  it('go to what is there, under names that nothing else has', () => {
    const desk = makeDesk();
    const gotify = {name: 'g1', server: 'http://x', token: 't'};
    ask(desk, 'root', `POST ${base}/endpoints/gotify`, gotify);
    const matcher = {name: 'm1', target: 'none'};
    expect(ask(desk, 'root', `POST ${base}/matchers`, matcher)).toMatchObject({
      status: 404,
      reason: "endpoint 'none' does not exist",
    });
    expect(ask(desk, 'root', `POST ${base}/matchers`, {name: 'g1', target: 'g1'})).toMatchObject({
      status: 400,
      reason: "Cannot create 'g1', an entity with the same name already exists",
    });
    expect(ask(desk, 'root', `POST ${base}/targets/none/test`)).toMatchObject({
      status: 404,
      reason: "endpoint 'none' does not exist",
    });
    expect(ask(desk, 'root', `POST ${base}/targets/g1/test`).status).toBe(500);
    const old = {comment: 'x', digest: '0'.repeat(64)};
    expect(ask(desk, 'root', `PUT ${base}/endpoints/gotify/g1`, old).status).toBe(400);
  });
});

describe('Ceph (PVE/Ceph/Tools.pm)', () => {
  it('is missed by its program, and its indices are there all the same', () => {
    const say = (call: string) => ask(makeDesk(), 'root', call).reason;
    const base = '/nodes/pve1/ceph';
    expect(say(`GET ${base}/cfg/raw`)).toBe('binary not installed: /usr/bin/ceph-mon');
    expect(say(`POST ${base}/init`)).toBe('binary not installed: /usr/bin/ceph');
    expect(say(`POST ${base}/mgr/pve1`)).toBe('binary not installed: /usr/bin/ceph-mgr');
    expect(ask(makeDesk(), 'root', `GET ${base}/osd/0`).data).toEqual([
      {name: 'metadata'},
      {name: 'lv-info'},
    ]);
  });
});

describe('shells (PVE/API2/Nodes.pm)', () => {
  it('are for users, and what runs in them is chosen by root', () => {
    const desk = makeDesk();
    expect(ask(desk, 'root', 'POST /nodes/pve1/termproxy').data).toMatchObject({
      user: 'root@pam',
      port: 5900,
      upid: expect.stringMatching(/:vncshell::root@pam:$/),
    });
    expect(ask(desk, 'admin@pve!tk', 'POST /nodes/pve1/termproxy').reason).toBe(
      "value 'admin@pve!tk' does not look like a valid user name",
    );
    expect(ask(desk, 'admin@pve', 'POST /nodes/pve1/vncshell', {cmd: 'upgrade'}).reason).toBe(
      'Permission check failed (user != root@pam)',
    );
  });
});
