// Why this exists: a node's interfaces: changes are staged in a second file until they are applied
// or discarded (PVE/API2/Network.pm, facts.md section 15).
import {paramError} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route, splitList} from '../route.ts';
import type {Section} from '../section.ts';
import {sectionsOf} from '../section.ts';
import type {Cluster, ClusterNode} from '../state.ts';
import {recordEffect} from '../state.ts';
import {fork} from '../task.ts';
import type {Interfaces} from './interfaces-file.ts';
import {readInterfaces, refuseOpenVSwitch, writeInterfaces} from './interfaces-file.ts';
import {requireHostAddress} from './interfaces-rules.ts';
import {unifiedDiff} from './unified-diff.ts';

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

const numbers = new Set(['active', 'autostart', 'exists', 'priority', 'bridge_vlan_aware']);

const file = 'text';

/** The text of the file that is in force, made from the node's bridges when first asked for. */
function activeText(cluster: Cluster, node: string): string {
  const known = sectionsOf(cluster, `interfaces/${node}`);
  const text = known.get(file)?.get(file) ?? configured(cluster.nodes.get(node));
  known.set(file, new Map([[file, text]]));
  return text;
}

/** What is staged, or undefined while there is nothing. */
function stagedText(cluster: Cluster, node: string): string | undefined {
  return cluster.sections.get(`interfaces.new/${node}`)?.get(file)?.get(file);
}

/** The interfaces that a prepared node has: one port, and its bridges. */
function configured(node: ClusterNode | undefined): string {
  const ip = node?.ip ?? '';
  const bridges = [...(node?.bridges ?? [])].map((name, index) => [
    `auto ${name}`,
    `iface ${name} inet ${index === 0 ? 'static' : 'manual'}`,
    ...(index === 0 ? [`\taddress ${ip}/24`, `\tgateway ${gatewayOf(ip)}`] : []),
    `\tbridge-ports ${index === 0 ? 'eth0' : 'none'}`,
    '\tbridge-stp off',
    '\tbridge-fd 0',
    ...(index === 0 ? [] : ['\tbridge-vlan-aware yes', '\tbridge-vids 2-4094']),
    '',
  ]);
  const loop = ['auto lo', 'iface lo inet loopback', ''];
  return [...loop, 'iface eth0 inet manual', '', ...bridges.flat(), ''].join('\n');
}

function gatewayOf(ip: string): string {
  return `${ip.split('.').slice(0, 3).join('.')}.1`;
}

/** What calls see and change: the staged file, or the active one. */
function visible(cluster: Cluster, node: string): Interfaces {
  const up = new Set(namesIn(activeText(cluster, node)));
  const text = stagedText(cluster, node) ?? activeText(cluster, node);
  return readInterfaces(text, {ports: new Set(['eth0']), up});
}

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/^iface (\S+)/gm)].map(([, name = '']) => name);
}

function stage(cluster: Cluster, node: string, ifaces: Interfaces): void {
  const text = writeInterfaces(ifaces);
  cluster.sections.set(`interfaces.new/${node}`, new Map([[file, new Map([[file, text]])]]));
}

function shown(section: Section): Record<string, unknown> {
  const entries = [...section].map(([key, text]): [string, unknown] => {
    if (key === 'families') {
      return [key, splitList(text)];
    }
    if (key === 'exists' && text === 'null') {
      return [key, null];
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
    .filter(([name]) => name !== 'lo')
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
  const next = stagedText(cluster, node);
  const name = '/etc/network/interfaces';
  return next === undefined ? '' : unifiedDiff(name, activeText(cluster, node), next);
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
  const section: Section = new Map(Object.entries(wanted));
  section.set('families', familiesOf(section));
  ifaces.set(iface, section);
  stage(cluster, node, ifaces);
  recordEffect(cluster, 'network', undefined, `${node} ${iface} staged`);
  return nothing;
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
  const {bridge_vids: vids = ''} = settings;
  const wanted = {...split(settings, ''), ...split(settings, '6')};
  if (wanted.address6 !== undefined) {
    requireHostAddress(wanted.address6);
  }
  if (vids !== '' && splitList(vids).length === 0) {
    paramError({bridge_vids: 'VLAN list items are empty'});
  }
  const {cidr: _, cidr6: __, ...rest} = settings;
  return {
    ...rest,
    ...wanted,
    ...(vids === '' ? {} : {bridge_vids: splitList(vids).join(' ')}),
    method: wanted.address === undefined ? 'manual' : 'static',
    method6: wanted.address6 === undefined ? 'manual' : 'static',
  };
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
    return address === undefined || netmask === undefined
      ? {}
      : {[`address${suffix}`]: address, [`netmask${suffix}`]: netmask};
  }
  for (const [name, value] of Object.entries({address, netmask})) {
    if (value !== undefined) {
      const key = `${name}${suffix}`;
      paramError({[key]: `${key} conflicts with cidr${suffix}`});
    }
  }
  const [host = '', bits = ''] = cidr.split('/');
  return {[`address${suffix}`]: host, [`netmask${suffix}`]: bits};
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
  return [...four, ...six].join(' ');
}

function updateInterface(context: Context): Reply {
  const {cluster, node, params, path} = context;
  const {iface = ''} = path;
  const {delete: _, ...settings} = params;
  const ifaces = visible(cluster, node);
  const section = requireInterface(ifaces, iface);
  for (const key of list(context, 'delete')) {
    for (const one of /^cidr6?$/.test(key) ? [key, ...addressKeys(key.slice(4))] : [key]) {
      section.delete(one);
    }
  }
  const wanted = prepared(ifaces, iface, settings);
  for (const [key, value] of Object.entries(wanted)) {
    section.set(key, value);
  }
  section.set('families', familiesOf(new Map(Object.entries(wanted))));
  stage(cluster, node, ifaces);
  recordEffect(cluster, 'network', undefined, `${node} ${iface} changed`);
  return nothing;
}

function addressKeys(suffix: string): readonly string[] {
  return [`address${suffix}`, `netmask${suffix}`];
}

function deleteInterface({cluster, node, path}: Context): Reply {
  const {iface = ''} = path;
  const ifaces = visible(cluster, node);
  requireInterface(ifaces, iface);
  ifaces.delete(iface);
  stage(cluster, node, ifaces);
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
    const next = stagedText(cluster, node);
    const found = cluster.nodes.get(node);
    if (next === undefined || found === undefined) {
      return;
    }
    cluster.sections.set(`interfaces/${node}`, new Map([[file, new Map([[file, next]])]]));
    cluster.sections.delete(`interfaces.new/${node}`);
    found.bridges.clear();
    for (const [name, section] of visible(cluster, node)) {
      if (isBridge(section)) {
        found.bridges.add(name);
      }
    }
    recordEffect(cluster, 'network', undefined, `${node} changes applied`);
  };
  const stages = [{kind: 'do', run} as const];
  return data(fork(cluster, {node, type: 'srvreload', id: 'networking', auth, stages}));
}
