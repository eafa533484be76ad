// Why this exists: what rules refer to: aliases and sets of addresses, with their own digests and
// their leniency towards what is not there (facts.md section 13).
import {fail, paramError} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, nothing, route} from '../route.ts';
import {recordEffect} from '../state.ts';
import type {Alias, FirewallScope, IpSet} from './scope.ts';
import {
  clusterScope,
  contentDigest,
  findAlias,
  ipVersion,
  keptComment,
  scopeBases,
  scopeName,
  scopeOf,
  shortCidr,
  storeNamed,
  vnetBase,
} from './scope.ts';

/** Aliases, sets and references of every scope that has them. */
export const setRoutes: readonly Route[] = scopeBases
  .filter((base) => base !== '/nodes/{node}/firewall' && base !== vnetBase)
  .flatMap((base) => [
    route('GET', `${base}/aliases`, listAliases),
    route('POST', `${base}/aliases`, createAlias),
    route('GET', `${base}/aliases/{name}`, showAlias),
    route('PUT', `${base}/aliases/{name}`, updateAlias),
    route('DELETE', `${base}/aliases/{name}`, deleteAlias),
    route('GET', `${base}/ipset`, listSets),
    route('POST', `${base}/ipset`, createSet),
    route('GET', `${base}/ipset/{name}`, showSet),
    route('POST', `${base}/ipset/{name}`, addEntry),
    route('DELETE', `${base}/ipset/{name}`, deleteSet),
    route('GET', `${base}/ipset/{name}/{cidr}`, showEntry),
    route('PUT', `${base}/ipset/{name}/{cidr}`, updateEntry),
    route('DELETE', `${base}/ipset/{name}/{cidr}`, deleteEntry),
    route('GET', `${base}/refs`, listReferences),
  ]);

function record(context: Context, what: string): Reply {
  const {vmid} = context.path;
  const detail = `${scopeName(context)} ${what}`;
  recordEffect(context.cluster, 'firewall', vmid === undefined ? undefined : Number(vmid), detail);
  return nothing;
}

function optional(key: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : {[key]: value};
}

function aliasFacts(name: string, alias: Alias): Record<string, unknown> {
  const {cidr, comment} = alias;
  return {name, cidr, ...optional('comment', comment), ...optional('ipversion', ipVersion(cidr))};
}

function nameOfAlias(scope: FirewallScope, text: string | undefined): string | undefined {
  const wanted = text?.toLowerCase();
  return [...scope.aliases.keys()].find((name) => name.toLowerCase() === wanted);
}

function aliasDigest(scope: FirewallScope): string {
  return contentDigest([...scope.aliases].map((one) => JSON.stringify(one)));
}

function requireDigest({params}: Context, digest: string): void {
  if (params.digest !== undefined && params.digest !== '' && params.digest !== digest) {
    fail(500, 'detected modified configuration - file changed by other user? Try again.');
  }
}

function listAliases(context: Context): Reply {
  const scope = scopeOf(context);
  const digest = aliasDigest(scope);
  const sorted = [...scope.aliases].sort(byLowerName);
  return data(sorted.map(([name, alias]) => ({...aliasFacts(name, alias), digest})));
}

function byLowerName([left]: readonly [string, unknown], [right]: readonly [string, unknown]) {
  return left.toLowerCase() < right.toLowerCase() ? -1 : 1;
}

function createAlias(context: Context): Reply {
  const scope = scopeOf(context);
  const {name = '', cidr = '', comment} = context.params;
  if (nameOfAlias(scope, name) !== undefined) {
    paramError({name: `alias '${name}' already exists`});
  }
  scope.aliases.set(name, {cidr: shortCidr(cidr), comment: keptComment(comment)});
  return record(context, `alias ${name} created`);
}

function showAlias(context: Context): Reply {
  const scope = scopeOf(context);
  const name = nameOfAlias(scope, context.path.name);
  const alias = name === undefined ? undefined : scope.aliases.get(name);
  if (name === undefined || alias === undefined) {
    return paramError({name: 'no such alias'});
  }
  return data(aliasFacts(name, alias));
}

function updateAlias(context: Context): Reply {
  const scope = scopeOf(context);
  requireDigest(context, aliasDigest(scope));
  const name = nameOfAlias(scope, context.path.name) ?? paramError({name: 'no such alias'});
  const {cidr = '', comment, rename} = context.params;
  const taken = nameOfAlias(scope, rename);
  if (rename !== undefined && taken !== undefined && taken !== name) {
    paramError({name: `alias '${rename}' already exists`});
  }
  const asked = context.path.name ?? name;
  const isSame = rename?.toLowerCase() === name.toLowerCase();
  scope.aliases.delete(name);
  scope.aliases.set(isSame ? asked : (rename ?? asked), {
    cidr: shortCidr(cidr),
    comment: keptComment(comment),
  });
  return record(context, `alias ${name} changed`);
}

function deleteAlias(context: Context): Reply {
  const scope = scopeOf(context);
  requireDigest(context, aliasDigest(scope));
  scope.aliases.delete(nameOfAlias(scope, context.path.name) ?? '');
  return record(context, `alias ${context.path.name} deleted`);
}

function setsDigest(context: Context): string {
  const all = [...scopeOf(context).ipsets];
  return contentDigest(all.map(([name, {comment}]) => JSON.stringify([name, comment])));
}

function listSets(context: Context): Reply {
  const digest = setsDigest(context);
  const all = [...scopeOf(context).ipsets];
  return data(all.map(([name, {comment}]) => ({name, ...optional('comment', comment), digest})));
}

/** `rename` names the set that becomes `name`, or stays and gets a comment. */
function renameSet(context: Context, rename: string): Reply {
  const {ipsets} = scopeOf(context);
  const {name = '', comment} = context.params;
  requireDigest(context, setsDigest(context));
  const old = ipsets.get(rename) ?? paramError({name: `IPSet '${rename}' does not exist`});
  if (ipsets.has(name) && name !== rename) {
    paramError({name: `IPSet '${name}' does already exist`});
  }
  ipsets.delete(rename);
  const told = comment === undefined ? old.comment : keptComment(comment);
  storeNamed(ipsets, name, {comment: told, entries: old.entries});
  return record(context, `ipset ${rename} renamed ${name}`);
}

function createSet(context: Context): Reply {
  const {ipsets} = scopeOf(context);
  const {name = '', comment, rename} = context.params;
  if (rename !== undefined) {
    return renameSet(context, rename);
  }
  if (ipsets.has(name)) {
    paramError({name: `IPSet '${name}' already exists`});
  }
  storeNamed(ipsets, name, {comment: keptComment(comment), entries: []});
  return record(context, `ipset ${name} created`);
}

function requireSet(context: Context): IpSet {
  const name = context.path.name ?? '';
  return scopeOf(context).ipsets.get(name) ?? fail(500, `no such IPSet '${name}'`);
}

function entryFacts(set: IpSet, entry: IpSet['entries'][number]): Record<string, unknown> {
  return {
    cidr: entry.cidr,
    ...optional('comment', entry.comment),
    ...(entry.nomatch ? {nomatch: 1} : {}),
    digest: entriesDigest(set),
  };
}

function entriesDigest(set: IpSet): string {
  return contentDigest(set.entries.map((one) => JSON.stringify(one)));
}

function showSet(context: Context): Reply {
  const set = requireSet(context);
  return data(set.entries.map((entry) => entryFacts(set, entry)));
}

/** Host bits are cleared and a full mask is dropped; aliases stay. */
function normalCidr(text: string): string {
  const [address = '', bits] = text.split('/');
  if (bits === undefined || bits === '0' || ipVersion(address) === undefined) {
    return text;
  }
  if (ipVersion(address) === 6) {
    return shortCidr(`${maskedSix(address, Number(bits))}/${bits}`);
  }
  if (bits === '32') {
    return address;
  }
  const mask = (0xffffffff << (32 - Number(bits))) >>> 0;
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const masked = (value & mask) >>> 0;
  const parts = [24, 16, 8, 0].map((shift) => (masked >>> shift) & 255);
  return `${parts.join('.')}/${bits}`;
}

/** Eight groups, masked, the longest run of zeros left out. */
function maskedSix(address: string, bits: number): string {
  const [head = '', tail] = address.toLowerCase().split('::');
  const parts = (text: string): readonly string[] => text.split(':').filter((part) => part !== '');
  const behind = tail === undefined ? [] : parts(tail);
  const zeros = Array.from({length: 8 - parts(head).length - behind.length}, () => '0');
  const groups = [...parts(head), ...zeros, ...behind].map((part, index) => {
    const kept = Math.min(16, Math.max(0, bits - 16 * index));
    return (Number.parseInt(part, 16) & (0xffff << (16 - kept)) & 0xffff).toString(16);
  });
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map(([run]) => run);
  const longest = runs.sort((left, right) => right.length - left.length)[0];
  return longest === undefined
    ? groups.join(':')
    : groups.join(':').replace(longest, '::').replace(':::', '::');
}

function addEntry(context: Context): Reply {
  const set = requireSet(context);
  const {cidr: text = '', comment} = context.params;
  const isAddress = ipVersion(text) !== undefined;
  if (!isAddress && findAlias(context.cluster, scopeOf(context), text) === undefined) {
    fail(500, `no such alias '${text.replace(/^(?:dc|guest)\//, '')}'`);
  }
  const cidr = normalCidr(text);
  if (set.entries.some((entry) => entry.cidr === cidr)) {
    paramError({cidr: `address '${cidr}' already exists`});
  }
  if (/\/0+$/.test(cidr)) {
    paramError({cidr: 'a zero prefix is not allowed in ipset entries'});
  }
  set.entries.push({cidr, nomatch: flag(context, 'nomatch'), comment: keptComment(comment)});
  set.entries.sort((left, right) => (left.cidr < right.cidr ? -1 : 1));
  return record(context, `ipset ${context.path.name} + ${cidr}`);
}

function entryOf(context: Context): {set: IpSet; entry: IpSet['entries'][number] | undefined} {
  const set = requireSet(context);
  return {set, entry: set.entries.find((one) => one.cidr === context.path.cidr)};
}

function showEntry(context: Context): Reply {
  const {set, entry} = entryOf(context);
  return data(entryFacts(set, entry ?? paramError({cidr: 'no such IP/Network'})));
}

function updateEntry(context: Context): Reply {
  const {set, entry} = entryOf(context);
  requireDigest(context, entriesDigest(set));
  if (entry === undefined) {
    return paramError({cidr: 'no such IP/Network'});
  }
  entry.comment = keptComment(context.params.comment);
  entry.nomatch = flag(context, 'nomatch');
  return record(context, `ipset ${context.path.name} ${entry.cidr} changed`);
}

function deleteEntry(context: Context): Reply {
  const {set, entry} = entryOf(context);
  requireDigest(context, entriesDigest(set));
  set.entries = set.entries.filter((one) => one !== entry);
  return record(context, `ipset ${context.path.name} - ${context.path.cidr}`);
}

function deleteSet(context: Context): Reply {
  const name = context.path.name ?? '';
  const set = requireSet(context);
  if (set.entries.length > 0 && !flag(context, 'force')) {
    fail(500, `IPSet '${name}' is not empty`);
  }
  scopeOf(context).ipsets.delete(name);
  return record(context, `ipset ${name} deleted`);
}

/** What a rule may name: a guest's also what the cluster has. */
function listReferences(context: Context): Reply {
  const {type} = context.params;
  const ofCluster = references(clusterScope(context.cluster), 'dc');
  const own = context.path.vmid === undefined ? [] : references(scopeOf(context), 'guest');
  return data([...ofCluster, ...own].filter((one) => type === undefined || one.type === type));
}

function references(
  scope: FirewallScope,
  where: 'dc' | 'guest',
): readonly ({readonly type: 'ipset' | 'alias'} & Readonly<Record<string, unknown>>)[] {
  const sets = [...scope.ipsets].map(([name, {comment}]) => ({
    type: 'ipset' as const,
    name,
    ref: `+${name}`,
    scope: where,
    ...optional('comment', comment),
  }));
  const aliases = [...scope.aliases].map(([name, {comment}]) => ({
    type: 'alias' as const,
    name,
    ref: name,
    scope: where,
    ...optional('comment', comment),
  }));
  return [...sets, ...aliases];
}
