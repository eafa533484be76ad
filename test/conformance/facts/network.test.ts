// Why this exists: a node's interfaces are a file that is written and read again: what fits, what
// follows from names, and the difference to what is in force (PVE/INotify.pm, PVE/API2/Network.pm).
import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

const base = '/nodes/pve1/network';

function say(desk: Cluster, call: string, params: Record<string, string> = {}): string {
  const {status, reason, errors} = ask(desk, 'root', call, params);
  const [first] = typeof errors === 'object' && errors !== null ? Object.entries(errors) : [];
  return first === undefined ? `${status} ${reason}` : `${first[0]}: ${first[1]}`;
}

function shown(desk: Cluster, iface: string): unknown {
  return ask(desk, 'root', `GET ${base}/${iface}`).data;
}

type Row = readonly [iface: string, params: Record<string, string>, answer: string];

describe('an interface', () => {
  const rows: readonly Row[] = [
    [
      'vmbr5',
      {type: 'bridge', bridge_ports: 'eth7'},
      "500 bridge 'vmbr5' - unable to find bridge port 'eth7'",
    ],
    ['vmbr5', {type: 'bridge', bridge_ports: 'eth0.5'}, '200 OK'],
    [
      'vmbr5',
      {type: 'bridge', bridge_ports: 'vmbr0'},
      "500 iface vmbr0 - ip address can't be set on interface if bridged in vmbr5",
    ],
    [
      'bond0',
      {type: 'bond', slaves: 'eth7'},
      "500 bond 'bond0' - wrong interface type on slave 'eth7' ('' != 'eth or bond')",
    ],
    ['bond0', {type: 'bond', slaves: 'eth0'}, "slaves: eth0 is already used on interface 'vmbr0'."],
    ['eth0.5000', {type: 'vlan'}, "500 vlan 'eth0.5000' - vlan-id 5000 should be <= 4094"],
    ['eth7.5', {type: 'vlan'}, "500 vlan 'eth7.5' - unable to find parent 'eth7'"],
    [
      'vlan5',
      {type: 'vlan'},
      '500 missing vlan-raw-device option at /usr/share/perl5/PVE/INotify.pm line 1681.',
    ],
    [
      'myvlan',
      {type: 'vlan', 'vlan-raw-device': 'eth0'},
      '500 missing vlan-id option at /usr/share/perl5/PVE/INotify.pm line 1689.',
    ],
    [
      'eth0.5',
      {type: 'vlan', mtu: '9000'},
      "500 interface 'eth0' - mtu 1500 is lower than 'eth0.5' - mtu 9000",
    ],
    [
      'vmbr5',
      {type: 'OVSBridge'},
      "500 Open VSwitch is not installed (need package 'openvswitch-switch')",
    ],
    [
      'vmbr5',
      {type: 'bridge', cidr6: '::1/64'},
      "address: ::1 with type 'LOOPBACK', cannot be used as host IPv6 address.",
    ],
  ];

  it.each(rows)('%s with %j: %s', (iface, params, answer) => {
    expect(say(makeDesk(), `POST ${base}`, {iface, ...params})).toBe(answer);
  });

  it('is not deleted from under another', () => {
    const desk = makeDesk();
    expect(say(desk, `DELETE ${base}/eth0`)).toBe(
      "500 bridge 'vmbr0' - unable to find bridge port 'eth0'",
    );
    expect(say(desk, `DELETE ${base}/vmbr0`)).toBe('200 OK');
    expect(say(desk, `DELETE ${base}/eth0`)).toBe('200 OK');
    expect(say(desk, `DELETE ${base}/eth0`)).toBe('iface: interface does not exist');
  });

  it('gets its type from its name and lines, whatever was asked for', () => {
    const desk = makeDesk();
    say(desk, `POST ${base}`, {iface: 'eth0.5', type: 'vlan', comments: 'one\ntwo'});
    expect(shown(desk, 'eth0.5')).toMatchObject({
      type: 'vlan',
      'vlan-raw-device': 'eth0',
      'vlan-id': '5',
      comments: 'one\ntwo\n',
      exists: 1,
    });
    say(desk, `POST ${base}`, {iface: 'foo0', type: 'eth', mtu: '1400'});
    expect(shown(desk, 'foo0')).toMatchObject({type: 'unknown', mtu: '1400', families: ['inet']});
    say(desk, `POST ${base}`, {iface: 'bond1', type: 'bond'});
    expect(shown(desk, 'bond1')).toMatchObject({
      slaves: '',
      bond_mode: 'balance-rr',
      bond_miimon: '100',
    });
  });

  it('keeps the address that an update does not name, but not the method', () => {
    const desk = makeDesk();
    expect(say(desk, `PUT ${base}/vmbr0`, {type: 'bridge', bridge_ports: 'eth0'})).toBe('200 OK');
    expect(shown(desk, 'vmbr0')).toMatchObject({method: 'manual', cidr: '192.0.2.2/24'});
    expect(say(desk, `PUT ${base}/vmbr0`, {type: 'bridge', delete: 'cidr'})).toBe('200 OK');
    expect(shown(desk, 'vmbr0')).not.toHaveProperty('cidr');
  });

  it('has its mask as a number of bits, however it was given', () => {
    const desk = makeDesk();
    const address = {address: '10.1.0.1', netmask: '255.255.0.0'};
    say(desk, `POST ${base}`, {iface: 'vmbr5', type: 'bridge', ...address});
    expect(shown(desk, 'vmbr5')).toMatchObject({cidr: '10.1.0.1/16', netmask: '16'});
    const {changes} = ask(desk, 'root', `GET ${base}`);
    const head = '--- /etc/network/interfaces\n+++ /etc/network/interfaces.new\n';
    expect(String(changes).slice(0, head.length)).toBe(head);
    expect(String(changes).slice(head.length)).toMatch(
      /^(?:@@ -\d+,\d+ \+\d+,\d+ @@\n(?:[ +-].*\n)+)+$/,
    );
    expect(changes).toContain('\n+\taddress 10.1.0.1/16\n');
  });
});
