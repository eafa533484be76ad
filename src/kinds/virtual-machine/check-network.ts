// Why this exists: mistakes in network cards, addresses and what cloud-init is given.
import {
  contains,
  type IpAddress,
  type IpNetwork,
  parseAddress,
  parseNetwork,
} from '../../core/ip-address.ts';
import type {Body} from '../../core/model.ts';
import {quoted} from './quoted.ts';
import type {SpecParts, Tell} from './spec-parts.ts';

/** Unicast: the second digit is even. */
const MAC = /^[0-9A-F][02468ACE](?::[0-9A-F]{2}){5}$/;

const KEY =
  /^(?:[a-z-]+(?:="[^"]*")?,?\S* )?(?:ssh-|ecdsa-|sk-)[-a-z0-9@.]+ [A-Za-z0-9+/]+=*(?: .*)?$/;

/** Adds the mistakes of networks and cloud-init. */
export function checkNetwork({body, creation}: SpecParts, tell: Tell): void {
  for (const path of Object.keys(body)) {
    if (/^networks\.[^.]+$/.test(path) && body[path] === true) {
      checkCard(body, path, creation['method'] === 'empty', tell);
    }
  }
  const cards = new Set(
    Object.keys(body).flatMap((path) => /^cloudInit\.ipConfig\.(net\d+)\./.exec(path)?.[1] ?? []),
  );
  for (const card of cards) checkAddresses(body, card, tell);
  checkCloudInit(body, tell);
}

function checkCard(body: Body, path: string, whole: boolean, tell: Tell): void {
  const mac = body[`${path}.mac`];
  if (typeof mac === 'string' && !MAC.test(mac)) {
    const detail = `${mac} is none: six pairs of hex digits, the second digit even.`;
    tell('vm-mac', `${path}.mac`, {detail, remedy: 'Write one such as BC:24:11:00:00:01.'});
  }
  if (!whole) return;
  if (typeof body[`${path}.model`] !== 'string') {
    const detail = `${path} of a guest made from nothing says no model.`;
    tell('vm-model-missing', path, {detail, remedy: 'Write model: virtio.'});
  }
  if (typeof body[`${path}.bridge`] !== 'string') {
    const detail = `${path} of a guest made from nothing says no bridge.`;
    tell('vm-bridge-missing', path, {detail, remedy: 'Write bridge: vmbr0.'});
  }
}

function checkAddresses(body: Body, card: string, tell: Tell): void {
  const base = `cloudInit.ipConfig.${card}`;
  checkFamily(body, base, 4, tell);
  checkFamily(body, base, 6, tell);
  const declared = Object.keys(body).some((path) => path.startsWith('networks.'));
  if (!declared || body[`networks.${card}`] === true) return;
  const detail = `${base} gives addresses to ${card}, which networks does not name.`;
  const remedy = 'Declare the card, or check its slot.';
  tell('vm-ip-config-without-card', base, {severity: 'warning', detail, remedy});
}

function checkFamily(body: Body, base: string, family: 4 | 6, tell: Tell): void {
  const suffix = family === 4 ? '' : '6';
  const ip = body[`${base}.ip${suffix}`];
  const gateway = body[`${base}.gw${suffix}`];
  const words = family === 4 ? ['dhcp'] : ['dhcp', 'auto'];
  const dynamic = typeof ip === 'string' && words.includes(ip);
  const network = typeof ip === 'string' && !dynamic ? networkOf(ip, family) : null;
  if (typeof ip === 'string' && !dynamic && network === null) {
    const detail = `${quoted(ip)} is no IPv${family} address with a prefix length.`;
    const remedy =
      family === 4 ? 'Write 10.0.70.50/24 or dhcp.' : 'Write fd00::5/64, dhcp or auto.';
    tell('vm-address', `${base}.ip${suffix}`, {detail, remedy});
  }
  if (typeof gateway !== 'string') return;
  const path = `${base}.gw${suffix}`;
  const router = addressOf(gateway, family);
  if (router === null) {
    const detail = `${quoted(gateway)} is no IPv${family} address.`;
    tell('vm-gateway', path, {detail, remedy: 'Write it without a prefix length.'});
    return;
  }
  if (ip === undefined || ip === null || dynamic) {
    const detail = `gw${suffix} is ${gateway}, and ip${suffix} is ${ip ?? 'not there'}.`;
    tell('vm-gateway-without-address', path, {
      detail,
      remedy: `Write ip${suffix} with an address.`,
    });
  } else if (family === 4 && network && !contains(network, router)) {
    const detail = `${gateway} is not in the network of ${ip}.`;
    const remedy = 'Check both; cloud-init would set a route that does not work.';
    tell('vm-gateway-outside', path, {severity: 'warning', detail, remedy});
  }
}

function checkCloudInit(body: Body, tell: Tell): void {
  const keys = body['cloudInit.sshKeys'];
  for (const key of Array.isArray(keys) ? keys : []) {
    if (KEY.test(key)) continue;
    const detail = `${quoted(key)} does not look like "ssh-ed25519 AAAA… name".`;
    tell('vm-ssh-key', 'cloudInit.sshKeys', {detail, remedy: 'Write a public key, one an item.'});
  }
  const servers = body['cloudInit.nameserver'];
  for (const server of Array.isArray(servers) ? servers : []) {
    if (parseAddress(server) !== null) continue;
    const detail = `${quoted(server)} is no address.`;
    tell('vm-nameserver', 'cloudInit.nameserver', {detail, remedy: 'Write an address.'});
  }
}

function addressOf(text: string, family: 4 | 6): IpAddress | null {
  const address = parseAddress(text);
  return address?.family === family ? address : null;
}

function networkOf(text: string, family: 4 | 6): IpNetwork | null {
  const network = parseNetwork(text);
  return network?.first.family === family ? network : null;
}
