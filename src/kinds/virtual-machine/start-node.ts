// Why this exists: a guest starts only where its bridges and mapped devices are, on a node with
// CPUs enough and a QEMU that knows its machine; Proxmox finds that out when it is too late.
// Source: config_to_command in qemu-server e6352be, its pve-bridge, and PVE::Mapping.
import {isObject} from '../../core/json.ts';
import {encodePart} from '../../core/read-path.ts';
import {qemuKey} from '../guest/key-facts.ts';
import {listingOf} from '../guest/listing.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import {parseProperties} from '../guest/property-string.ts';
import {ask, type Look, unlessHidden} from './look.ts';
import type {StartPlace} from './start-files.ts';

/** What a node lacks for a guest with this configuration to run on it. */
export function nodeLooks(config: LiveConfig, place: StartPlace): readonly Look[] {
  return [
    ...bridgeLooks(config, place),
    ...cpuLooks(config, place),
    ...machineLooks(config, place),
  ];
}

/** Mapped devices of which the node has none. */
export function mappingLooks(config: LiveConfig, place: StartPlace): readonly Look[] {
  return [...config].flatMap(([key, text]): readonly Look[] => {
    const [kind, name] = mappingOf(key, text) ?? [];
    if (kind === undefined || name === undefined) return [];
    const answer = ask(`/cluster/mapping/${kind}/${encodePart(name)}`, place.inventory);
    if (answer.kind === 'unread') return [answer];
    if (answer.kind === 'refused') {
      const isGone = answer.error.status === 500 && /not found/.test(answer.error.message);
      const detail = `${key} uses the mapping ${name}, which does not exist`;
      return isGone ? [{kind: 'missing', detail}] : [];
    }
    const map = isObject(answer.data) ? answer.data['map'] : undefined;
    if (!Array.isArray(map) || map.some((entry) => nodeOf(entry) === place.node)) return [];
    const detail = `${key} uses the mapping ${name}, which has nothing of ${place.node}`;
    return [{kind: 'missing', detail}];
  });
}

const KINDS: {readonly [family: string]: readonly [kind: string, property: string]} = {
  hostpciN: ['pci', 'mapping'],
  usbN: ['usb', 'mapping'],
  virtiofsN: ['dir', 'dirid'],
};

function mappingOf(key: string, text: string): readonly [string, string | undefined] | null {
  const known = qemuKey(key);
  const found = KINDS[known?.family ?? ''];
  if (known === null || found === undefined) return null;
  const [kind, property] = found;
  return [kind, parseProperties(text, known.facts).get(property)];
}

function nodeOf(entry: unknown): string | undefined {
  const parts = String(entry).split(',');
  return parts.find((part) => part.startsWith('node='))?.slice('node='.length);
}

function bridgeLooks(config: LiveConfig, {node, inventory}: StartPlace): readonly Look[] {
  const cards = cardsOf(config);
  if (cards.length === 0) return [];
  const answer = ask(`/nodes/${encodePart(node)}/network?type=any_bridge`, inventory);
  if (answer.kind === 'unread') return [answer];
  if (answer.kind === 'refused' || !Array.isArray(answer.data)) return [];
  const listed = new Set(answer.data.map((entry) => Object(entry)['iface']));
  return cards.flatMap(([key, bridge]): readonly Look[] => {
    // Networks of SDN that the token may not see look the same as none, whatever their zone.
    if (listed.has(bridge) || !/^vmbr\d+$/.test(bridge)) return [];
    const path = `/sdn/zones/localnetwork/${bridge}`;
    const detail = `${node} has no bridge ${bridge} (${key})`;
    const anyOf = ['SDN.Use', 'SDN.Audit'].map((privilege) => ({path, privilege}));
    // What a running guest is plugged into is there, unless it is shown not to be.
    return unlessHidden(detail, [{anyOf}], inventory).filter(({kind}) => kind !== 'untold');
  });
}

/** Network cards with the bridge that each belongs to. */
function cardsOf(config: LiveConfig): readonly (readonly [key: string, bridge: string])[] {
  return [...config].flatMap(([key, text]) => {
    const known = qemuKey(key);
    if (known?.family !== 'netN') return [];
    const bridge = parseProperties(text, known.facts).get('bridge');
    return bridge === undefined ? [] : [[key, bridge] as const];
  });
}

function cpuLooks(config: LiveConfig, {node, inventory}: StartPlace): readonly Look[] {
  const answer = listingOf(inventory);
  const most = answer.kind === 'listing' ? answer.listing.cpus.get(node) : undefined;
  const wanted = Number(config.get('sockets') ?? 1) * Number(config.get('cores') ?? 1);
  if (most === undefined || !(wanted > most)) return [];
  const detail = `it has ${wanted} CPUs (sockets × cores), and ${node} has ${most}`;
  return [{kind: 'missing', detail}];
}

/** A QEMU knows the machines of its own time and before. */
function machineLooks(config: LiveConfig, {node, inventory}: StartPlace): readonly Look[] {
  const pinned = machineOf(config.get('machine') ?? '');
  if (pinned === null) return [];
  const answer = ask(`/nodes/${encodePart(node)}/capabilities/qemu/machines`, inventory);
  if (answer.kind === 'unread') return [answer];
  if (answer.kind === 'refused' || !Array.isArray(answer.data)) return [];
  const known = answer.data.flatMap((entry) => machineOf(String(Object(entry)['id'])) ?? []);
  if (known.length === 0 || known.some((one) => !isLater(pinned, one))) return [];
  return [{kind: 'missing', detail: `the QEMU of ${node} is too old for machine ${pinned.name}`}];
}

interface Machine {
  readonly name: string;
  readonly major: number;
  readonly minor: number;
}

function machineOf(text: string): Machine | null {
  const [name, major, minor] = /pc-(?:i440fx|q35)-(\d+)\.(\d+)/.exec(text) ?? [];
  return name === undefined ? null : {name, major: Number(major), minor: Number(minor)};
}

function isLater(a: Machine, b: Machine): boolean {
  return a.major > b.major || (a.major === b.major && a.minor > b.minor);
}
