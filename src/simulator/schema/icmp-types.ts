// Why this exists: rules name ICMP types; the schema's format and the rule's own check know them.

/** Names of ICMP types. */
export const icmpTypes: ReadonlySet<string> = new Set(
  [
    'any echo-reply destination-unreachable network-unreachable host-unreachable redirect',
    'protocol-unreachable port-unreachable fragmentation-needed source-route-failed',
    'network-unknown host-unknown network-prohibited host-prohibited TOS-network-unreachable',
    'TOS-host-unreachable communication-prohibited host-precedence-violation precedence-cutoff',
    'source-quench network-redirect host-redirect TOS-network-redirect TOS-host-redirect',
    'echo-request router-advertisement router-solicitation time-exceeded ttl-zero-during-transit',
    'ttl-zero-during-reassembly parameter-problem ip-header-bad required-option-missing',
    'timestamp-request timestamp-reply address-mask-request address-mask-reply',
  ].flatMap((line) => line.split(' ')),
);
/** Names of ICMPv6 types. */
export const icmp6Types: ReadonlySet<string> = new Set(
  [
    'destination-unreachable no-route communication-prohibited beyond-scope address-unreachable',
    'port-unreachable failed-policy reject-route packet-too-big time-exceeded echo-request',
    'ttl-zero-during-transit ttl-zero-during-reassembly parameter-problem bad-header echo-reply',
    'unknown-header-type unknown-option router-solicitation router-advertisement redirect',
    'neighbor-solicitation neighbour-solicitation neighbor-advertisement neighbour-advertisement',
  ].flatMap((line) => line.split(' ')),
);

/** Whether the schema's format takes it; which protocol it fits is checked later. */
export function isIcmpType(text: string): boolean {
  return icmpTypes.has(text) || icmp6Types.has(text);
}
