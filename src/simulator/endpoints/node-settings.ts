// Why this exists: what a node keeps of itself: time zone, name servers, hosts, notes, logs, and
// the orders to it (PVE/API2/Nodes.pm, NodeConfig.pm).
import {createHash} from 'node:crypto';
import {isIP} from 'node:net';
import {fail, paramError} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, download, integer, list, nothing, route} from '../route.ts';
import type {Section} from '../section.ts';
import {sectionsOf} from '../section.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import {fork} from '../task.ts';
import {versionOf} from './versions.ts';

const base = '/nodes/{node}';

/** Settings of one node and orders to it. */
export const settingRoutes: readonly Route[] = [
  route('GET', `${base}/time`, showTime),
  route('PUT', `${base}/time`, setTimeZone),
  route('GET', `${base}/dns`, showDns),
  route('PUT', `${base}/dns`, setDns),
  route('GET', `${base}/hosts`, showHosts),
  route('POST', `${base}/hosts`, setHosts),
  route('GET', `${base}/config`, showConfig),
  route('PUT', `${base}/config`, setConfig),
  route('POST', `${base}/status`, (context) => order(context)),
  route('POST', `${base}/wakeonlan`, wake),
  route('GET', `${base}/netstat`, showTraffic),
  route('GET', `${base}/report`, showReport),
  route('GET', `${base}/syslog`, showSyslog),
  route('GET', `${base}/journal`, showJournal),
  route('DELETE', `${base}/subscription`, () => nothing),
  route('POST', `${base}/subscription`, () => nothing),
];

/** The node's own settings of one kind. */
function own({cluster, node}: Context, kind: string): Section {
  const sections = sectionsOf(cluster, kind);
  const known = sections.get(node) ?? new Map<string, string>();
  sections.set(node, known);
  return known;
}

function showTime(context: Context): Reply {
  const time = nodeSeconds(context.cluster, context.node);
  const timezone = own(context, 'node-time').get('timezone') ?? 'Etc/UTC';
  return data({time, localtime: localSeconds(time, timezone), timezone});
}

/** What the clock on the wall shows, as if it were UTC. */
function localSeconds(time: number, timeZone: string): number {
  const shown = new Date(time * 1000).toLocaleString('sv-SE', {timeZone});
  return Date.parse(`${shown.replace(' ', 'T')}Z`) / 1000;
}

function isTimeZone(name: string): boolean {
  const plain =
    /^(?:(?:Etc\/)?(?:UTC|GMT|Zulu|Universal|Greenwich)|Etc\/GMT[+-]\d|E[SD]T|CET|MET)$/;
  return plain.test(name) || Intl.supportedValuesOf('timeZone').includes(name);
}

function setTimeZone(context: Context): Reply {
  const {timezone = ''} = context.params;
  if (!isTimeZone(timezone)) {
    paramError({timezone: 'No such timezone'});
  }
  own(context, 'node-time').set('timezone', timezone);
  recordEffect(context.cluster, 'node', undefined, `${context.node} timezone ${timezone}`);
  return nothing;
}

function showDns(context: Context): Reply {
  const dns = own(context, 'node-dns');
  return data(dns.size === 0 ? {dns1: '10.255.255.53'} : Object.fromEntries(dns));
}

/** A server named twice is written once. */
function setDns(context: Context): Reply {
  const dns = own(context, 'node-dns');
  const {search, dns1, dns2, dns3} = context.params;
  const servers = [...new Set([dns1, dns2, dns3])].filter(
    (one) => one !== undefined && one !== '0.0.0.0',
  );
  dns.clear();
  if (search !== undefined && search !== '') {
    // The file is read up to the first blank.
    dns.set('search', search.trim().split(/\s+/)[0] ?? search);
  }
  for (const [index, server] of servers.entries()) {
    dns.set(`dns${index + 1}`, server ?? '');
  }
  recordEffect(context.cluster, 'node', undefined, `${context.node} dns`);
  return nothing;
}

function hostsOf(context: Context): string {
  const {cluster, node} = context;
  const found = cluster.nodes.get(node);
  const standard = `127.0.0.1 localhost\n${found?.ip} ${node}.example.test ${node}\n`;
  return own(context, 'node-hosts').get('data') ?? standard;
}

function digestOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

function showHosts(context: Context): Reply {
  const text = hostsOf(context);
  return data({data: text, digest: digestOf(text)});
}

function setHosts(context: Context): Reply {
  const {digest = '', data: text = ''} = context.params;
  if (digest !== '' && digest !== digestOf(hostsOf(context))) {
    fail(500, 'detected modified configuration - file changed by other user? Try again.');
  }
  requireHosts(text);
  own(context, 'node-hosts').set('data', text);
  recordEffect(context.cluster, 'node', undefined, `${context.node} hosts`);
  return nothing;
}

/** Each line that is no comment names an address and its hosts; what follows a host is one, too. */
function requireHosts(text: string): void {
  for (const line of text.split('\n').filter((one) => !/^\s*(?:#|$)/.test(one))) {
    const [address = '', ...names] = line.replace(/\s+$/, '').split(/\s+/);
    if (isIP(address) === 0) {
      paramError({data: `Invalid IP '${address}'`});
    }
    const wrong = names.find((name) => !/^[.\-a-zA-Z0-9]+$/.test(name));
    if (wrong !== undefined) {
      paramError({data: `Invalid Hostname '${wrong}'`});
    }
  }
}

function configDigest(context: Context): string {
  return digestOf(JSON.stringify([...own(context, 'node-config')].sort()));
}

/** Nothing at all, not even a digest, until something was set. */
function showConfig(context: Context): Reply {
  const {params} = context;
  const config = own(context, 'node-config');
  // Numbers stay the text of the file; a file without notes has empty ones.
  const whole: Record<string, unknown> =
    config.size === 0
      ? {}
      : {description: '', ...Object.fromEntries(config), digest: configDigest(context)};
  const {property} = params;
  if (property === undefined) {
    return data(whole);
  }
  return data(whole[property] === undefined ? {} : {[property]: whole[property]});
}

function setConfig(context: Context): Reply {
  const {digest = '', delete: _, ...settings} = context.params;
  const config = own(context, 'node-config');
  // Without a file there is nothing that could have been changed.
  if (config.size > 0 && digest !== '' && digest !== configDigest(context)) {
    fail(500, 'detected modified configuration - file changed by other user? Try again.');
  }
  for (const [key, value] of Object.entries(settings)) {
    config.set(key, key === 'description' ? `${value.replace(/\n*$/, '')}\n` : value.trim());
  }
  for (const key of list(context, 'delete')) {
    config.delete(key);
  }
  if (['', '\n'].includes(config.get('description') ?? '')) {
    config.delete('description');
  }
  recordEffect(context.cluster, 'node', undefined, `${context.node} config`);
  return nothing;
}

/** The order is taken; the simulated node goes on running. */
function order({cluster, node, params}: Context): Reply {
  recordEffect(cluster, 'node', undefined, `${node} ${params.command}`);
  return nothing;
}

function wake(context: Context): Reply {
  const {cluster, path} = context;
  const {node = ''} = path;
  if (node === 'localhost' || node === cluster.entry) {
    fail(500, `'${node}' is local node, cannot wake my self!`);
  }
  if (!cluster.nodes.has(node)) {
    fail(500, `no such cluster node '${node}'`);
  }
  const text = sectionsOf(cluster, 'node-config').get(node)?.get('wakeonlan') ?? '';
  const mac = /(?:^|mac=)([0-9a-fA-F:]{17})/.exec(text)?.[1];
  return data(mac ?? fail(500, `No wake on LAN MAC address defined for '${node}'!`));
}

function showTraffic({cluster, node}: Context): Reply {
  const running = [...cluster.guests.values()].filter(
    (guest) => guest.node === node && guest.runtime !== undefined,
  );
  return data(
    running.flatMap((guest) =>
      [...guest.config.keys()]
        .filter((key) => /^net\d+$/.test(key))
        .map((dev) => ({vmid: String(guest.vmid), dev, in: '0', out: '0'})),
    ),
  );
}

function showReport({cluster, node}: Context): Reply {
  const {version, repoid} = versionOf(cluster);
  const lines = ['', '==== general system info ====', '', '# hostname', node, ''];
  return data([...lines, '# pveversion', `pve-manager/${version}/${repoid}`, ''].join('\n'));
}

function showSyslog(context: Context): Reply {
  const {cluster, node} = context;
  const start = integer(context, 'start') ?? 0;
  const limit = integer(context, 'limit') ?? 50;
  const lines = cluster.log
    .filter((line) => line.node === node)
    .map((line) => `${stamp(line.atS)} ${node} ${line.tag}[1000]: <${line.user}> ${line.message}`);
  const shown = lines.slice(start, start + limit);
  if (lines.length === 0) {
    return data([{n: 1, t: 'no content'}], {total: 1});
  }
  return data(
    shown.map((t, index) => ({n: start + index + 1, t})),
    {total: lines.length},
  );
}

function stamp(seconds: number): string {
  const text = new Date(seconds * 1000).toUTCString();
  const [, day, month, , time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(text) ?? [];
  return `${month} ${day} ${time}`;
}

/** The lines between two cursors, as a file. */
function showJournal({cluster, node}: Context): Reply {
  const lines = cluster.log
    .filter((line) => line.node === node)
    .map((line) => `${stamp(line.atS)} ${node} ${line.tag}[1000]: ${line.message}`);
  const cursor = 's=0;i=0';
  const body = JSON.stringify({data: [cursor, ...lines, cursor], success: 1});
  return download({body, type: 'application/json', headers: {}});
}

/** Answer with the UPID of a worker that only runs `run`. */
export function forkPlain(
  context: Context,
  type: string,
  id: string,
  run: (worker: {readonly log: (line: string) => void}) => void,
): Reply {
  const {cluster, node, auth} = context;
  return data(fork(cluster, {node, type, id, auth, stages: [{kind: 'do', run}]}));
}
