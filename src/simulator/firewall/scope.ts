// Why this exists: the firewall's configuration of one scope (cluster, node, guest), its digests,
// and what its rules may refer to.
import {createHash} from 'node:crypto';
import {isIPv4, isIPv6} from 'node:net';
import type {Context} from '../route.ts';
import type {Cluster} from '../state.ts';

/** A rule: keys with raw text; its position is its place in the list. */
export type Rule = Map<string, string>;

/** A named address. */
export interface Alias {
  cidr: string;
  comment: string | undefined;
}

/** A set of addresses. */
export interface IpSet {
  comment: string | undefined;
  entries: {cidr: string; nomatch: boolean; comment: string | undefined}[];
}

/** A security group of the cluster. */
export interface Group {
  comment: string | undefined;
  readonly rules: Rule[];
}

/** Everything the firewall keeps for one scope. */
export interface FirewallScope {
  readonly options: Map<string, string>;
  readonly rules: Rule[];
  readonly aliases: Map<string, Alias>;
  readonly ipsets: Map<string, IpSet>;
  readonly groups: Map<string, Group>;
}

/** Where the firewall of a virtual network is: rules and options, no sets. */
export const vnetBase = '/cluster/sdn/vnets/{vnet}/firewall';

/** Where a scope's endpoints are; the guest need not exist. */
export const scopeBases = [
  '/cluster/firewall',
  '/nodes/{node}/firewall',
  '/nodes/{node}/qemu/{vmid}/firewall',
  '/nodes/{node}/lxc/{vmid}/firewall',
  vnetBase,
] as const;

/** The name of the scope that a call's path means: `cluster`, `node/pve1`, `vm/100`. */
export function scopeName({path}: Context): string {
  if (path.vmid !== undefined) {
    return `vm/${path.vmid}`;
  }
  if (path.vnet !== undefined) {
    return `vnet/${path.vnet}`;
  }
  return path.node === undefined ? 'cluster' : `node/${path.node}`;
}

/** The scope of that name, made when first asked for. */
function scopeNamed(cluster: Cluster, name: string): FirewallScope {
  const known = cluster.firewall.get(name);
  if (known !== undefined) {
    return known;
  }
  const fresh: FirewallScope = {
    options: new Map(),
    rules: [],
    aliases: new Map(),
    ipsets: new Map(),
    groups: new Map(),
  };
  cluster.firewall.set(name, fresh);
  return fresh;
}

/** The scope of the whole cluster. */
export function clusterScope(cluster: Cluster): FirewallScope {
  return scopeNamed(cluster, 'cluster');
}

/** The scope of a call. */
export function scopeOf(context: Context): FirewallScope {
  return scopeNamed(context.cluster, scopeName(context));
}

/** SHA-1 over lines of content; nothing has the digest of the empty text. */
export function contentDigest(lines: readonly string[]): string {
  return createHash('sha1').update(lines.join('\n')).digest('hex');
}

/** A rule as a line for its list's digest. */
export function ruleLine(rule: Rule): string {
  return JSON.stringify([...rule].sort());
}

/** 4 or 6 of a literal address or network; undefined of anything else. */
export function ipVersion(text: string): 4 | 6 | undefined {
  const address = text.split(/[/,-]/)[0] ?? '';
  if (isIPv4(address)) {
    return 4;
  }
  return isIPv6(address) ? 6 : undefined;
}

/** An alias by its name, whatever its case, in the scope or the cluster. */
export function findAlias(cluster: Cluster, scope: FirewallScope, name: string): Alias | undefined {
  const bare = name.replace(/^(?:dc|guest)\//, '').toLowerCase();
  const whole = clusterScope(cluster);
  const own = name.startsWith('dc/') || (name.startsWith('guest/') && scope === whole);
  for (const one of [...(own ? [] : [scope]), ...(name.startsWith('guest/') ? [] : [whole])]) {
    for (const [known, alias] of one.aliases) {
      if (known.toLowerCase() === bare) {
        return alias;
      }
    }
  }
  return undefined;
}

/** What a comment at the end of a line is read back as; nothing of an empty one. */
export function keptComment(text: string | undefined): string | undefined {
  return text === undefined || text === '0' ? undefined : text.trim() || undefined;
}

/**
 * Store under a name as the file is read back: in lower case. One that is there already stays as
 * it is, since its section is the later one.
 */
export function storeNamed<T extends {comment: string | undefined}>(
  all: Map<string, T>,
  name: string,
  value: T,
): void {
  const key = name.toLowerCase();
  const known = key === name ? undefined : all.get(key);
  if (known === undefined) {
    all.set(key, value);
  } else {
    known.comment ??= value.comment;
  }
}

/** An address without its full mask. */
export function shortCidr(cidr: string): string {
  return cidr.replace(ipVersion(cidr) === 6 ? /\/128$/ : /\/32$/, '');
}

/** What is wrong with an address of a rule: an ipset or alias that is not there. */
export function danglingReference(
  cluster: Cluster,
  scope: FirewallScope,
  address: string | undefined,
): string | undefined {
  if (address === undefined || ipVersion(address) !== undefined) {
    return undefined;
  }
  if (address.startsWith('+')) {
    const name = address.slice(1).replace(/^(?:dc|guest)\//, '');
    const known = scope.ipsets.has(name) || scopeNamed(cluster, 'cluster').ipsets.has(name);
    return known ? undefined : `no such ipset '${name}'`;
  }
  return findAlias(cluster, scope, address) === undefined
    ? `no such alias '${address}'`
    : undefined;
}

/** Whether the scope's file is there: nothing is not written. */
export function hasFile({options, rules, aliases, ipsets, groups}: FirewallScope): boolean {
  return options.size + rules.length + aliases.size + ipsets.size + groups.size > 0;
}

/** A copy for a clone's scope. */
export function copyScope(scope: FirewallScope): FirewallScope {
  return structuredClone(scope);
}
