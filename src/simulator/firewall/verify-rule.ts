// Why this exists: a rule is checked as a whole before it is written, with one complaint at a time
// (PVE::Firewall, verify_rule).
import {paramError} from '../failure.ts';
import type {Context} from '../route.ts';
import {icmp6Types, icmpTypes} from '../schema/icmp-types.ts';
import {macroNames, macroTemplates} from './macros.ts';
import type {FirewallScope, Rule} from './scope.ts';
import {danglingReference, findAlias, ipVersion} from './scope.ts';

/** Whose rules they are: what may be in them differs. */
type RuleKind = 'cluster' | 'host' | 'vm' | 'group' | 'vnet';

const directions: Readonly<Record<RuleKind, readonly string[]>> = {
  cluster: ['in', 'out', 'forward', 'group'],
  host: ['in', 'out', 'forward', 'group'],
  vm: ['in', 'out', 'group'],
  group: ['in', 'out', 'forward'],
  vnet: ['forward', 'group'],
};

const portProtocols = new Set('udp 17 udplite 136 tcp 6 dccp 33 sctp 132'.split(' '));
const icmpProtocols = new Set('icmp icmpv6 ipv6-icmp 1 58'.split(' '));

/** Refuse a rule with 400, or write its macro's name as it is spelt. */
export function verifyRule(context: Context, scope: FirewallScope, rule: Rule): void {
  const kind = kindOf(context);
  verifyType(kind, rule);
  verifyInterface(kind, rule);
  verifyMacro(rule);
  verifyPorts(rule);
  requireAgreement(rule, verifyAddresses(context, scope, rule));
}

function kindOf({path}: Context): RuleKind {
  if (path.vmid !== undefined) {
    return 'vm';
  }
  if (path.vnet !== undefined) {
    return 'vnet';
  }
  return path.group !== undefined ? 'group' : path.node === undefined ? 'cluster' : 'host';
}

function refuse(key: string, text: string): never {
  return paramError({[key]: text});
}

function verifyType(kind: RuleKind, rule: Rule): void {
  const type = rule.get('type') ?? refuse('type', 'missing property');
  const action = rule.get('action') ?? refuse('action', 'missing property');
  if (!directions[kind].includes(type)) {
    refuse('type', `invalid rule type '${type}' for rule_env '${kind}'`);
  }
  if (type === 'group') {
    if (!/^[A-Za-z][A-Za-z0-9\-_]+$/.test(action)) {
      refuse('action', 'invalid characters in security group name');
    }
    return;
  }
  if (type === 'forward' && action === 'REJECT') {
    refuse('action', 'cannot define REJECT rules on forward chain');
  }
  if (!/^(ACCEPT|DROP|REJECT)$/.test(action)) {
    refuse('action', `unknown action '${action}'`);
  }
}

function verifyInterface(kind: RuleKind, rule: Rule): void {
  const iface = rule.get('iface');
  if (iface === undefined) {
    return;
  }
  if (kind === 'group' || kind === 'vnet') {
    refuse('type', 'parameter -i not allowed for this rule type');
  }
  if (kind === 'vm' && !/^net\d+$/.test(iface)) {
    refuse('iface', "value does not match the regex pattern 'net\\d+'");
  }
}

function verifyMacro(rule: Rule): void {
  const macro = rule.get('macro');
  if (macro === undefined) {
    return;
  }
  const known = macroNames.find((name) => name.toLowerCase() === macro.toLowerCase());
  rule.set('macro', known ?? refuse('macro', `unknown macro '${macro}'`));
}

function verifyPorts(rule: Rule): void {
  const proto = rule.get('proto');
  const isIcmp = icmpProtocols.has(proto ?? '');
  if (rule.has('dport')) {
    verifyPort('dport', proto, isIcmp);
  }
  const icmp = rule.get('icmp-type');
  if (icmp !== undefined) {
    verifyIcmp(rule, icmp, isIcmp);
  }
  if (rule.has('sport')) {
    verifyPort('sport', proto, false);
  }
}

function verifyPort(key: 'dport' | 'sport', proto: string | undefined, isIcmp: boolean): void {
  if (proto === undefined) {
    refuse('proto', `missing property - '${key}' requires this property`);
  }
  if (!portProtocols.has(proto) && !isIcmp) {
    refuse(key, `protocol '${proto}' does not support ports`);
  }
}

function verifyIcmp(rule: Rule, icmp: string, isIcmp: boolean): void {
  const proto = rule.get('proto');
  if (!isIcmp) {
    refuse('proto', "missing property - 'icmp-type' requires this property");
  }
  if (rule.has('dport')) {
    refuse('icmp-type', "'icmp-type' cannot be specified together with 'dport'");
  }
  const isKnown = proto === 'icmp' ? icmpTypes.has(icmp) : icmp6Types.has(icmp);
  if (!isKnown && ['icmp', 'icmpv6', 'ipv6-icmp'].includes(proto ?? '')) {
    refuse('icmp-type', `invalid icmp-type '${icmp}' for proto '${proto}'`);
  }
}

/** What a macro sets may be said again, but not otherwise. */
function requireAgreement(rule: Rule, version: number | undefined): void {
  for (const template of macroTemplates(rule.get('macro') ?? '', version)) {
    for (const [key, value] of Object.entries(template)) {
      const own = rule.get(key);
      if (own !== undefined && own !== value) {
        refuse(key, `parameter '${key}' already define in macro (value = '${value}')`);
      }
    }
  }
}

/** The IP version that the rule is for; undefined: both. */
function verifyAddresses({cluster}: Context, scope: FirewallScope, rule: Rule): number | undefined {
  const proto = rule.get('proto') ?? '';
  let version: number | undefined = proto === 'icmp' ? 4 : undefined;
  version ??= proto === 'icmpv6' || proto === 'ipv6-icmp' ? 6 : undefined;
  for (const key of ['source', 'dest'] as const) {
    const address = rule.get(key);
    const dangling = danglingReference(cluster, scope, address);
    if (dangling !== undefined) {
      refuse(key, dangling);
    }
    const target = findAlias(cluster, scope, address ?? '')?.cidr ?? address;
    const own = target === undefined ? undefined : ipVersion(target);
    if (own !== undefined && version !== undefined && own !== version) {
      refuse(key, 'detected mixed ipv4/ipv6 addresses in rule');
    }
    version ??= own;
  }
  return version;
}
