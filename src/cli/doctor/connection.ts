// Why this exists: whether each endpoint is reached, believed and spoken to, and what the cluster
// says of itself: release, clocks, quorum, and the certificates of all its nodes.
import type {ClusterConfig} from '../../config/model.ts';
import {isObject} from '../../core/json.ts';
import type {Inventory, PveError} from '../../core/model.ts';
import type {Pve} from '../../core/ports.ts';
import {apiReleaseOf} from '../../pve/api/methods.ts';
import {type DoctorFinding, finding, good} from './finding.ts';

/** Asks one endpoint who it is. */
export async function checkEndpoint(
  url: string,
  pve: Pick<Pve, 'read'>,
  signal: AbortSignal,
): Promise<DoctorFinding> {
  const what = `connection ${url}`;
  const began = performance.now();
  const answer = await pve.read('/version', {signal, timeoutMs: 10_000});
  const took = `${Math.round(performance.now() - began)} ms`;
  if (answer.ok) return good(what, `answers in ${took}, its certificate is trusted`);
  return finding('bad', what, answer.error.message, ...connectionRemedy(answer.error));
}

/** What prints a node's certificate on the node itself: its own, if it was given one. */
export const SHOW_CERTIFICATE: readonly string[] = [
  'openssl x509 -noout -fingerprint -sha256 -in /etc/pve/local/pveproxy-ssl.pem  # if there is one',
  'openssl x509 -noout -fingerprint -sha256 -in /etc/pve/local/pve-ssl.pem       # otherwise',
];

function connectionRemedy({kind}: PveError): readonly string[] {
  switch (kind) {
    case 'tls':
      return [
        'Compare on the node:',
        ...SHOW_CERTIFICATE,
        'If it was renewed, write the new pin into pvegit.yaml, beside the old one.',
      ];
    case 'unauthorised':
      return [
        'The token is wrong, expired or disabled: USER@REALM!TOKENID=SECRET.',
        'A new one: pveum user token add USER@REALM TOKENID --privsep 1',
      ];
    case 'connection':
    case 'no-answer':
      return ['Check the address, port 8006, and that pveproxy runs.'];
    default:
      return ['Look at the node: journalctl -u pveproxy -u pvedaemon'];
  }
}

/** Release, clocks and quorum, as a pass read them. */
export function checkCluster(inventory: Inventory, quorate: boolean | null): DoctorFinding[] {
  return [releaseFinding(inventory), ...clockFindings(inventory), quorumFinding(quorate)];
}

function releaseFinding({release}: Inventory): DoctorFinding {
  const what = 'release';
  if (release === null) return finding('bad', what, 'the release could not be read');
  const known = apiReleaseOf(release);
  if (known === null) {
    const says = `Proxmox VE ${release} is not known; 8.x and 9.x are`;
    return finding('warn', what, says, 'Test it on a cluster that may break.');
  }
  const old = /^8\.[0-3](?:\.|$)/.test(release);
  const messages = old ? '; errors come as status lines only, so messages are shorter' : '';
  return good(what, `Proxmox VE ${release}, checked by the API of ${known}${messages}`);
}

const SKEW_BAD_MS = 60_000;
const SKEW_WARN_MS = 5_000;

function clockFindings({clockOffsetMs}: Inventory): readonly DoctorFinding[] {
  const nodes = Object.entries(clockOffsetMs);
  if (nodes.length === 0) return [finding('warn', 'clock', 'no node told its time')];
  return nodes.map(([node, offset]) => {
    const what = `clock ${node}`;
    const seconds = (Math.abs(offset) / 1000).toFixed(1);
    const says = `${seconds} s ${offset < 0 ? 'behind' : 'ahead of'} this machine`;
    if (Math.abs(offset) < SKEW_WARN_MS) return good(what, says);
    const state = Math.abs(offset) < SKEW_BAD_MS ? 'warn' : 'bad';
    return finding(state, what, says, 'Check both: chronyc tracking');
  });
}

function quorumFinding(quorate: boolean | null): DoctorFinding {
  if (quorate === true) return good('quorum', 'the cluster is quorate');
  if (quorate === false) {
    const remedy = 'Nothing can be written until it is: pvecm status';
    return finding('bad', 'quorum', 'the cluster has no quorum', remedy);
  }
  const remedy = 'It needs Sys.Audit on /; see the privileges below.';
  return finding('warn', 'quorum', 'it could not be read', remedy);
}

/** The nodes that are down: what is on them can neither be read nor changed. */
export function checkNodes(nodes: unknown): readonly DoctorFinding[] {
  const entries: readonly unknown[] = Array.isArray(nodes) ? nodes : [];
  return entries.flatMap((entry) => {
    if (!isObject(entry) || entry['status'] !== 'offline') return [];
    const remedy = 'What is on it is left as it is until it is back: pvecm status';
    return [finding('warn', `node ${String(entry['node'])}`, 'it is offline', remedy)];
  });
}

/** The certificates that the nodes have now, against the pins of the configuration. */
export function checkPins(nodes: unknown, cluster: ClusterConfig): readonly DoctorFinding[] {
  const pins = new Set(cluster.endpoints.flatMap(({sha256}) => sha256));
  if (!Array.isArray(nodes)) return [finding('warn', 'pins', 'the nodes could not be listed')];
  return nodes.flatMap((entry: unknown): readonly DoctorFinding[] => {
    if (!isObject(entry) || typeof entry['ssl_fingerprint'] !== 'string') return [];
    const print = entry['ssl_fingerprint'];
    const what = `certificate ${String(entry['node'])}`;
    if (pins.has(print.replaceAll(':', '').toLowerCase())) return [good(what, 'is pinned')];
    const says = `${print} is not pinned`;
    const remedy =
      'Told over a connection that is trusted, so it can be pinned: add the node as an endpoint, ' +
      'or this pin beside the old one before the certificate changes.';
    return [finding('warn', what, says, remedy)];
  });
}
