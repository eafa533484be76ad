// Why this exists: what an interface asks of the others is checked when the file is written: ports,
// slaves, parents and their MTUs (PVE/INotify.pm, __write_etc_network_interfaces).
import {isIPv6} from 'node:net';
import {fail, paramError} from '../failure.ts';
import {splitList} from '../route.ts';
import type {Section} from '../section.ts';

type Interfaces = ReadonlyMap<string, Section>;

/** Refuse with 500 what does not fit together. */
export function checkInterfaces(ifaces: Interfaces): void {
  checkPorts(ifaces);
  for (const [name, section] of ifaces) {
    if (section.get('type') === 'bond') checkBond(ifaces, name, section);
  }
  for (const [name, section] of ifaces) {
    if (section.get('type') === 'vlan') checkVlan(ifaces, name, section);
  }
  for (const [name, section] of ifaces) {
    if (section.get('type') === 'bridge') checkBridge(ifaces, name, section);
  }
}

const portKeys = ['bridge_ports', 'ovs_ports', 'slaves', 'ovs_bonds'] as const;

function checkPorts(ifaces: Interfaces): void {
  const used = new Map<string, string>();
  for (const [name, section] of ifaces) {
    for (const port of portKeys.flatMap((key) => splitList(section.get(key) ?? ''))) {
      const owner = used.get(port);
      if (owner !== undefined && owner !== name) {
        fail(500, `port '${port}' is already used on interface '${owner}'`);
      }
      used.set(port, name);
    }
  }
}

/** A slave that is not there has no type, says Proxmox, because it has just made it. */
function checkBond(ifaces: Interfaces, name: string, section: Section): void {
  const slaves = splitList(section.get('slaves') ?? '');
  for (const slave of slaves) {
    const type = ifaces.get(slave)?.get('type') ?? '';
    ifaces.get(slave)?.set('autostart', '1');
    if (type !== 'eth' && type !== 'bond') {
      const what = `('${type}' != 'eth or bond')`;
      fail(500, `bond '${name}' - wrong interface type on slave '${slave}' ${what}`);
    }
    checkMtu(ifaces, name, slave);
  }
  const primary = section.get('bond-primary') ?? '';
  if (slaves.length > 0 && primary !== '' && !slaves.includes(primary)) {
    const what = `bond '${name}' - bond-primary interface is not a slave`;
    fail(500, `${what} at ${source} line 1635.`);
  }
}

const source = '/usr/share/perl5/PVE/INotify.pm';

function checkMtu(ifaces: Interfaces, parent: string, child: string): void {
  const mtu = Number(ifaces.get(child)?.get('mtu') ?? 0);
  const above = ifaces.get(parent);
  const own = Number(above?.get('mtu') ?? 0);
  const room = own > 0 ? own : above?.get('type') === 'bond' ? mtu : 1500;
  if (mtu > room) {
    fail(500, `interface '${parent}' - mtu ${room} is lower than '${child}' - mtu ${mtu}`);
  }
}

const parents = ['eth', 'bridge', 'bond', 'vlan'];

function checkVlan(ifaces: Interfaces, name: string, section: Section): void {
  const {parent, id} = vlanOf(name, section);
  const type = ifaces.get(parent)?.get('type');
  if (id > 4094) {
    fail(500, `vlan '${name}' - vlan-id ${id} should be <= 4094`);
  }
  if (type === undefined) {
    fail(500, `vlan '${name}' - unable to find parent '${parent}'`);
  }
  if (!parents.includes(type)) {
    const what = `wrong interface type on parent '${parent}'`;
    fail(500, `vlan '${name}' - ${what} ('${type}' != 'eth|bond|bridge|vlan' )`);
  }
  checkMtu(ifaces, parent, name);
}

function vlanOf(name: string, section: Section): {readonly parent: string; readonly id: number} {
  const [, device, number] = /^(\S+)\.(\d+)$/.exec(name) ?? [];
  if (device !== undefined) {
    section.delete('vlan-raw-device');
    section.delete('vlan-id');
    return {parent: device, id: Number(number)};
  }
  const raw = section.get('vlan-raw-device') ?? '';
  if (raw === '') {
    fail(500, `missing vlan-raw-device option at ${source} line 1681.`);
  }
  const own = /^vlan(\d+)$/.exec(name)?.[1];
  if (own !== undefined) {
    section.delete('vlan-id');
    return {parent: raw, id: Number(own)};
  }
  const given = section.get('vlan-id') ?? '';
  if (given === '') {
    fail(500, `missing vlan-id option at ${source} line 1689.`);
  }
  return {parent: raw, id: Number(given)};
}

function checkBridge(ifaces: Interfaces, name: string, section: Section): void {
  for (const port of (section.get('bridge_ports') ?? '').split(/\s+/)) {
    const isVlan = /\S+\.\d+$/.test(port);
    const found = ifaces.get(port);
    if (port === '' || (found === undefined && isVlan)) {
      continue;
    }
    if (found === undefined) {
      fail(500, `bridge '${name}' - unable to find bridge port '${port}'`);
    }
    const four = found.get('method') === 'static' && found.get('address') !== '0.0.0.0';
    const six = found.get('method6') === 'static' && found.get('address6') !== '::';
    if (four || six) {
      fail(500, `iface ${port} - ip address can't be set on interface if bridged in ${name}`);
    }
    checkMtu(ifaces, port, name);
  }
}

/** Refuse with 400 an IPv6 address that no host can have (PVE/API2/Network.pm, Net::IP). */
export function requireHostAddress(address: string): void {
  if (!isIPv6(address)) {
    paramError({address: `${address} is not a valid host IPv6 address.`});
  }
  const type = kindOfAddress(address.toLowerCase());
  if (type !== undefined) {
    const text = `${address} with type '${type}', cannot be used as host IPv6 address.`;
    paramError({address: text});
  }
}

function kindOfAddress(address: string): string | undefined {
  if (/^[0:]*:0*1$/.test(address)) return 'LOOPBACK';
  if (/^[0:]*$/.test(address)) return 'UNSPECIFIED';
  if (/^ff/.test(address)) return 'MULTICAST';
  return /^2001:0?db8:/.test(address) ? 'DOCUMENTATION' : undefined;
}
