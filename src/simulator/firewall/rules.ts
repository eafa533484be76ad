// Why this exists: rules and their positions: always inserted at the top, moved and edited by
// position, with the digest of the whole list (facts.md section 13).
import {fail, paramError} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, integer, list, nothing, route} from '../route.ts';
import {recordEffect} from '../state.ts';
import type {Rule} from './scope.ts';
import {
  contentDigest,
  danglingReference,
  findAlias,
  hasFile,
  ipVersion,
  keptComment,
  ruleLine,
  scopeBases,
  scopeName,
  scopeOf,
} from './scope.ts';
import {verifyRule} from './verify-rule.ts';

/** The rules of every scope and of security groups. */
export const ruleRoutes: readonly Route[] = [
  ...scopeBases.flatMap((base) =>
    listRoutes({list: `${base}/rules`, one: `${base}/rules/{pos}`, rulesOf: scopeRules}),
  ),
  ...listRoutes({
    list: '/cluster/firewall/groups/{group}',
    one: '/cluster/firewall/groups/{group}/{pos}',
    rulesOf: groupRules,
  }),
];

interface Place {
  readonly list: string;
  readonly one: string;
  readonly rulesOf: (context: Context) => Rule[];
}

function listRoutes({list: all, one, rulesOf}: Place): readonly Route[] {
  return [
    route('GET', all, (context) => listRules(context, rulesOf(context))),
    route('POST', all, (context) => createRule(context, rulesOf(context))),
    route('GET', one, (context) => showRule(context, rulesOf(context))),
    route('PUT', one, (context) => updateRule(context, rulesOf(context))),
    route('DELETE', one, (context) => deleteRule(context, rulesOf(context))),
  ];
}

function scopeRules(context: Context): Rule[] {
  return scopeOf(context).rules;
}

function groupRules(context: Context): Rule[] {
  const {group: name = ''} = context.path;
  const group = scopeOf(context).groups.get(name);
  return group?.rules ?? fail(500, `no such security group '${name}'`);
}

function digestOf(rules: readonly Rule[]): string {
  return contentDigest(rules.map(ruleLine));
}

function facts(context: Context, rule: Rule): Record<string, unknown> {
  const {cluster} = context;
  const scope = scopeOf(context);
  const errors: Record<string, string> = {};
  const proto = rule.get('proto') ?? '';
  let version: 4 | 6 | undefined = proto === 'icmp' ? 4 : undefined;
  version ??= proto === 'icmpv6' || proto === 'ipv6-icmp' ? 6 : undefined;
  for (const key of ['source', 'dest'] as const) {
    const address = rule.get(key);
    const dangling = danglingReference(cluster, scope, address);
    if (dangling !== undefined) {
      errors[key] = dangling;
    }
    const target = findAlias(cluster, scope, address ?? '')?.cidr ?? address;
    version ??= target === undefined ? undefined : ipVersion(target);
  }
  return {
    ...Object.fromEntries(rule),
    enable: Number(rule.get('enable') ?? 0),
    ...(version === undefined ? {} : {ipversion: version}),
    ...(Object.keys(errors).length === 0 ? {} : {errors}),
  };
}

function listRules(context: Context, rules: readonly Rule[]): Reply {
  const digest = digestOf(rules);
  return data(rules.map((rule, pos) => ({...facts(context, rule), pos, digest})));
}

function ruleAt(context: Context, rules: readonly Rule[]): {rule: Rule; pos: number} {
  const pos = Number(context.path.pos);
  return {rule: rules[pos] ?? fail(500, `no rule at position ${pos}`), pos};
}

function showRule(context: Context, rules: readonly Rule[]): Reply {
  const {rule, pos} = ruleAt(context, rules);
  return data({...facts(context, rule), pos: String(pos), digest: digestOf(rules)});
}

function createRule(context: Context, rules: Rule[]): Reply {
  const rule: Rule = new Map([['enable', '0']]);
  write(rule, context.params);
  verifyRule(context, scopeOf(context), rule);
  rules.unshift(asRead(rule));
  record(context, 'rule added');
  return nothing;
}

const notKeys = new Set(['pos', 'digest', 'delete', 'moveto', 'group', 'rename']);

function write(rule: Rule, params: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(params)) {
    if (notKeys.has(key)) {
      continue;
    }
    if (value === '' || value === '-') {
      rule.delete(key);
    } else {
      rule.set(key, value);
    }
  }
}

const groupKeys = new Set(['type', 'action', 'macro', 'iface', 'enable', 'comment']);

/** What is left of a rule when its line is read again: one line, enabled or not. */
function asRead(rule: Rule): Rule {
  const isGroup = rule.get('type') === 'group';
  const kept = [...rule].filter(
    ([key, value]) => (!isGroup || groupKeys.has(key)) && (value !== '0' || key === 'enable'),
  );
  const read: Rule = new Map(kept);
  const comment = keptComment((rule.get('comment') ?? '').split('\n')[0]);
  read.delete('comment');
  if (comment !== undefined) {
    read.set('comment', comment);
  }
  const {enable = '0'} = Object.fromEntries(rule);
  return read.set('enable', Number(enable) > 0 ? '1' : '0');
}

function checkDigest({params}: Context, rules: readonly Rule[]): void {
  const {digest} = params;
  if (digest !== undefined && digest !== '' && digest !== digestOf(rules)) {
    fail(500, 'detected modified configuration - file changed by other user? Try again.');
  }
}

/** A file that is not there has no list of rules, which Perl does not forgive. */
function requireFile(context: Context, line: number): void {
  if (!hasFile(scopeOf(context))) {
    const place = `/usr/share/perl5/PVE/API2/Firewall/Rules.pm line ${line}.`;
    fail(500, `Can't use an undefined value as an ARRAY reference at ${place}`);
  }
}

function updateRule(context: Context, rules: Rule[]): Reply {
  checkDigest(context, rules);
  requireFile(context, 357);
  const {rule, pos} = ruleAt(context, rules);
  const moveTo = integer(context, 'moveto');
  if (moveTo !== undefined && moveTo !== pos) {
    rules.splice(pos, 1);
    rules.splice(moveTo > pos ? moveTo - 1 : moveTo, 0, rule);
  } else {
    const changed: Rule = new Map(rule);
    write(changed, context.params);
    deleteProperties(context, changed);
    verifyRule(context, scopeOf(context), changed);
    rules[pos] = asRead(changed);
  }
  record(context, `rule ${pos} changed`);
  return nothing;
}

const properties = new Set(
  [
    'type action enable macro proto source dest sport dport iface log comment icmp-type pos digest',
  ].flatMap((line) => line.split(' ')),
);

function deleteProperties(context: Context, rule: Rule): void {
  for (const key of list(context, 'delete')) {
    if (!properties.has(key)) {
      paramError({delete: `no such property ('${key}')`});
    }
    if (key === 'type' || key === 'action') {
      paramError({delete: `unable to delete required property '${key}'`});
    }
    rule.delete(key);
  }
}

function deleteRule(context: Context, rules: Rule[]): Reply {
  checkDigest(context, rules);
  requireFile(context, 446);
  const {pos} = ruleAt(context, rules);
  rules.splice(pos, 1);
  record(context, `rule ${pos} deleted`);
  return nothing;
}

function record(context: Context, what: string): void {
  const {vmid} = context.path;
  const detail = `${scopeName(context)} ${what}`;
  recordEffect(context.cluster, 'firewall', vmid === undefined ? undefined : Number(vmid), detail);
}
