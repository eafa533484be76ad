// Why this exists: a network card's string gets its type, and a MAC when none was typed, and is
// rewritten at every write.
import {macPrefix} from '../qemu/normalise.ts';
import {randomMac} from '../random.ts';
import type {Cluster} from '../state.ts';
import type {Properties} from './keys.ts';
import {parseProperties, printProperties} from './keys.ts';

/** The sub-keys of a netN value, with `type` and a MAC, made up when none is given. */
function parseNet(cluster: Cluster, text: string): Properties {
  const net = parseProperties(cluster.version, 'net0', text);
  net.set('type', 'veth');
  if (!net.has('hwaddr')) net.set('hwaddr', randomMac(cluster.random, macPrefix(cluster)));
  return net;
}

/** The stored text of a netN value. */
export function normaliseNet(cluster: Cluster, text: string): string {
  return printProperties(cluster.version, 'net0', parseNet(cluster, text));
}

/** The same card with a new MAC, as a clone gets it. */
export function withNewMac(cluster: Cluster, text: string): string {
  const net = parseProperties(cluster.version, 'net0', text);
  net.delete('hwaddr');
  return normaliseNet(cluster, printProperties(cluster.version, 'net0', net));
}

/** The MTU of a node's bridges. */
const bridgeMtu = 1500;

/** What is wrong with a card on that node: the bridge is not there, or too narrow. */
export function cardProblem(
  cluster: Cluster,
  node: string,
  key: string,
  text: string,
): string | undefined {
  const net = parseProperties(cluster.version, 'net0', text);
  const bridge = net.get('bridge') ?? '';
  if (cluster.nodes.get(node)?.bridges.has(bridge) !== true) {
    return `bridge '${bridge}' does not exist`;
  }
  const mtu = Number(net.get('mtu') ?? 0);
  return mtu > bridgeMtu
    ? `${key}: MTU size '${mtu}' is bigger than bridge MTU '${bridgeMtu}'`
    : undefined;
}
