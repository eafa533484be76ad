// Why this exists: a node's interfaces: changes are staged in a second file until they are applied
// or discarded (PVE/API2/Network.pm, facts.md section 15).
import {fail, paramError} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route, splitList} from '../route.ts';
import type {Section} from '../section.ts';
import {sectionsOf} from '../section.ts';
import type {Cluster, ClusterNode} from '../state.ts';
import {recordEffect} from '../state.ts';
import {fork} from '../task.ts';

const base = '/nodes/{node}/network';

/** `/nodes/{node}/network` and below. */
export const networkRoutes: readonly Route[] = [
  route('GET', base, listInterfaces),
  route('POST', base, createInterface),
  route('PUT', base, applyChanges),
  route('DELETE', base, discardChanges),
  route('GET', `${base}/{iface}`, showInterface),
  route('PUT', `${base}/{iface}`, updateInterface),
  route('DELETE', `${base}/{iface}`, deleteInterface),
];

type Interfaces = Map<string, Section>;

const numbers = new Set(['active', 'autostart', 'exists', 'priority', 'bridge_vlan_aware']);

function active(cluster: Cluster, node: string): Interfaces {
  const known = sectionsOf(cluster, `interfaces/${node}`);
  const found = cluster.nodes.get(node);
  if (known.size === 0 && found !== undefined) {
    for (const [name, section] of configured(found)) {
      known.set(name, section);
    }
  }
  return known;
}

/** The interfaces that a prepared node has: one port, and its bridges. */
function configured(node: ClusterNode): Interfaces {
  const port = {type: 'eth', active: '1', exists: '1', families: 'inet', method: 'manual'};
  const ifaces: Interfaces = new Map([
    ['eth0', new Map(Object.entries({...port, method6: 'manual', priority: '3'}))],
  ]);
  for (const [index, name] of [...node.bridges].entries()) {
    const bridge = {
      type: 'bridge',
      active: '1',
      autostart: '1',
      bridge_fd: '0',
      bridge_stp: 'off',
      families: 'inet',
      method6: 'manual',
      priority: String(4 + index),
      ...(index === 0 ? uplink(node.ip) : inner),
    };
    ifaces.set(name, new Map(Object.entries(bridge)));
  }
  return ifaces;
}

const inner = {
  bridge_ports: '',
  bridge_vids: '2-4094',
  bridge_vlan_aware: '1',
  method: 'manual',
};

function uplink(ip: string): Record<string, string> {
  const gateway = `${ip.split('.').slice(0, 3).join('.')}.1`;
  const address = {address: ip, cidr: `${ip}/24`, netmask: '24', gateway};
  return {...address, bridge_ports: 'eth0', method: 'static'};
}

/** What is staged, or undefined while there is nothing. */
function staged(cluster: Cluster, node: string): Interfaces | undefined {
  return cluster.sections.get(`interfaces.new/${node}`);
}

/** What calls see and change: the staged file, or the active one. */
function visible(cluster: Cluster, node: string): Interfaces {
  return staged(cluster, node) ?? active(cluster, node);
}

/** The staged file, made from the active one by the first change. */
function staging(cluster: Cluster, node: string): Interfaces {
  const known = staged(cluster, node);
  if (known !== undefined) {
    return known;
  }
  const copies = [...active(cluster, node)].map(([name, section]): [string, Section] => [
    name,
    new Map(section),
  ]);
  const fresh: Interfaces = new Map(copies);
  cluster.sections.set(`interfaces.new/${node}`, fresh);
  return fresh;
}

function shown(section: Section): Record<string, unknown> {
  const entries = [...section].map(([key, text]): [string, unknown] => {
    if (key === 'families') {
      return [key, splitList(text)];
    }
    return [key, numbers.has(key) ? Number(text) : text];
  });
  return Object.fromEntries(entries);
}

function isBridge(section: Section): boolean {
  return ['bridge', 'OVSBridge'].includes(section.get('type') ?? '');
}

function listInterfaces(context: Context): Reply {
  const {cluster, node, params} = context;
  const {type} = params;
  const wantsBridges = /^any(_local)?_bridge$/.test(type ?? '');
  const listed = [...visible(cluster, node)]
    .filter(
      ([, section]) =>
        type === undefined || section.get('type') === type || (wantsBridges && isBridge(section)),
    )
    .filter(([name, section]) => !isBridge(section) || mayUseBridge(context, name));
  const changes = changesOf(cluster, node);
  return data(
    listed.map(([iface, section]) => ({...shown(section), iface})),
    changes === '' ? undefined : {changes},
  );
}

function mayUseBridge(context: Context, name: string): boolean {
  return may(context, `/sdn/zones/localnetwork/${name}`, ['SDN.Audit', 'SDN.Use'], true);
}

/** The difference of the two files, in the form of `diff -u`. */
function changesOf(cluster: Cluster, node: string): string {
  const next = staged(cluster, node);
  if (next === undefined) {
    return '';
  }
  const before = textOf(active(cluster, node));
  const after = textOf(next);
  const removed = before.filter((line) => !after.includes(line)).map((line) => `-${line}`);
  const added = after.filter((line) => !before.includes(line)).map((line) => `+${line}`);
  if (removed.length + added.length === 0) {
    return '';
  }
  const file = '/etc/network/interfaces';
  const range = `@@ -1,${before.length} +1,${after.length} @@`;
  return [`--- ${file}`, `+++ ${file}.new`, range, ...removed, ...added, ''].join('\n');
}

function textOf(ifaces: Interfaces): readonly string[] {
  return [...ifaces].flatMap(([name, section]) => [
    ...(section.get('autostart') === '1' ? [`auto ${name}`] : []),
    `iface ${name} inet ${section.get('method') ?? 'manual'}`,
    ...[...section]
      .filter(([key]) => /^(?:address|gateway|bridge_|vlan|mtu|ovs_|slaves|bond)/.test(key))
      .map(([key, text]) => `\t${key.replaceAll('_', '-')} ${text}`),
  ]);
}

function requireInterface(ifaces: Interfaces, iface: string): Section {
  return ifaces.get(iface) ?? paramError({iface: 'interface does not exist'});
}

function showInterface({cluster, node, path}: Context): Reply {
  return data(shown(requireInterface(visible(cluster, node), path.iface ?? '')));
}

function createInterface(context: Context): Reply {
  const {cluster, node, params} = context;
  const {iface = '', ...settings} = params;
  const ifaces = visible(cluster, node);
  if (ifaces.has(iface)) {
    paramError({iface: 'interface already exists'});
  }
  const wanted = prepared(ifaces, iface, settings);
  if (/^OVS/.test(settings.type ?? '')) {
    refuseOpenVSwitch();
  }
  const priority = String(3 + ifaces.size);
  const read = {...asRead(iface, settings), ...wanted, priority};
  const section: Section = new Map(Object.entries(read));
  section.set('families', familiesOf(section));
  staging(cluster, node).set(iface, section);
  recordEffect(cluster, 'network', undefined, `${node} ${iface} staged`);
  return nothing;
}

/** What reading the file back adds by the type and the name. */
function asRead(iface: string, {type}: Readonly<Record<string, string>>): Record<string, string> {
  if (type === 'bridge') {
    return {bridge_ports: '', bridge_stp: 'off', bridge_fd: '0'};
  }
  const [, device, id] = /^(\S+)\.(\d+)$/.exec(iface) ?? [];
  return type === 'vlan' && device !== undefined && id !== undefined
    ? {'vlan-raw-device': device, 'vlan-id': id}
    : {};
}

function refuseOpenVSwitch(): never {
  fail(500, "Open VSwitch is not installed (need package 'openvswitch-switch')");
}

/** Address and netmask from the CIDR, after the checks against the other interfaces. */
function prepared(
  ifaces: Interfaces,
  iface: string,
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  for (const [key, what] of Object.entries(gateways)) {
    const owner = [...ifaces].find(([name, one]) => name !== iface && one.has(key))?.[0];
    if (settings[key] !== undefined && owner !== undefined) {
      paramError({[key]: `${what} already exists on interface '${owner}'.`});
    }
  }
  refuseTakenPorts(ifaces, iface, settings);
  const {bridge_vids: vids} = settings;
  if (vids !== undefined && splitList(vids).length === 0) {
    paramError({bridge_vids: 'VLAN list items are empty'});
  }
  const wanted = {...split(settings, ''), ...split(settings, '6')};
  return {
    ...settings,
    ...wanted,
    ...(vids === undefined ? {} : {bridge_vids: splitList(vids).join(' ')}),
    ...(settings.comments === undefined ? {} : {comments: withNewline(settings.comments)}),
    method: wanted.address === undefined ? 'manual' : 'static',
    method6: wanted.address6 === undefined ? 'manual' : 'static',
  };
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

const gateways = {gateway: 'Default gateway', gateway6: 'Default ipv6 gateway'} as const;

function split(
  settings: Readonly<Record<string, string>>,
  suffix: '' | '6',
): Record<string, string> {
  const cidr = settings[`cidr${suffix}`];
  const address = settings[`address${suffix}`];
  const netmask = settings[`netmask${suffix}`];
  if (cidr === undefined) {
    return address === undefined
      ? {}
      : {
          [`address${suffix}`]: address,
          ...(netmask === undefined ? {} : {[`cidr${suffix}`]: `${address}/${netmask}`}),
        };
  }
  for (const [name, value] of Object.entries({address, netmask})) {
    if (value !== undefined) {
      const key = `${name}${suffix}`;
      paramError({[key]: `${key} conflicts with cidr${suffix}`});
    }
  }
  const [host = '', bits = ''] = cidr.split('/');
  return {[`cidr${suffix}`]: cidr, [`address${suffix}`]: host, [`netmask${suffix}`]: bits};
}

const portKeys = ['bridge_ports', 'ovs_ports', 'slaves', 'ovs_bonds'] as const;

function refuseTakenPorts(
  ifaces: Interfaces,
  iface: string,
  settings: Readonly<Record<string, string>>,
): void {
  const key = portKeys.find((one) => (settings[one] ?? '') !== '');
  if (key === undefined) {
    return;
  }
  const wanted = portKeys.flatMap((one) => splitList(settings[one] ?? ''));
  for (const [name, section] of ifaces) {
    const taken = portKeys
      .flatMap((one) => splitList(section.get(one) ?? ''))
      .find((port) => wanted.includes(port));
    if (name !== iface && taken !== undefined) {
      paramError({[key]: `${taken} is already used on interface '${name}'.`});
    }
  }
}

function familiesOf(section: Section): string {
  const six = section.has('address6') ? ['inet6'] : [];
  const four = section.has('address') || six.length === 0 ? ['inet'] : [];
  return [...four, ...six].join(',');
}

function updateInterface(context: Context): Reply {
  const {cluster, node, params, path} = context;
  const {iface = ''} = path;
  const {delete: _, ...settings} = params;
  const ifaces = visible(cluster, node);
  requireInterface(ifaces, iface);
  const wanted = prepared(ifaces, iface, settings);
  const section = requireInterface(staging(cluster, node), iface);
  for (const key of list(context, 'delete')) {
    for (const one of key.startsWith('cidr') ? [key, ...addressKeys(key.slice(4))] : [key]) {
      section.delete(one);
    }
  }
  for (const [key, value] of Object.entries(wanted)) {
    section.set(key, value);
  }
  section.set('families', familiesOf(new Map(Object.entries(wanted))));
  recordEffect(cluster, 'network', undefined, `${node} ${iface} changed`);
  return nothing;
}

function addressKeys(suffix: string): readonly string[] {
  return [`address${suffix}`, `netmask${suffix}`];
}

function deleteInterface({cluster, node, path}: Context): Reply {
  const {iface = ''} = path;
  requireInterface(visible(cluster, node), iface);
  staging(cluster, node).delete(iface);
  recordEffect(cluster, 'network', undefined, `${node} ${iface} deleted`);
  return nothing;
}

function discardChanges({cluster, node}: Context): Reply {
  cluster.sections.delete(`interfaces.new/${node}`);
  recordEffect(cluster, 'network', undefined, `${node} changes discarded`);
  return nothing;
}

function applyChanges({cluster, node, auth}: Context): Reply {
  const run = (): void => {
    const next = staged(cluster, node);
    const found = cluster.nodes.get(node);
    if (next === undefined || found === undefined) {
      return;
    }
    for (const section of next.values()) {
      section.set('active', '1');
    }
    cluster.sections.set(`interfaces/${node}`, next);
    cluster.sections.delete(`interfaces.new/${node}`);
    found.bridges.clear();
    for (const [name, section] of next) {
      if (isBridge(section)) {
        found.bridges.add(name);
      }
    }
    recordEffect(cluster, 'network', undefined, `${node} changes applied`);
  };
  const stages = [{kind: 'do', run} as const];
  return data(fork(cluster, {node, type: 'srvreload', id: 'networking', auth, stages}));
}
