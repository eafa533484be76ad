// Why this exists: the firewall's own formats, kept apart because nothing else uses them.
import {isIPv4, isIPv6} from 'node:net';
import {isIcmpType} from './icmp-types.ts';
import {serviceNames} from './service-names.ts';

const protocols = new Set(
  [
    'tcp udp icmp igmp ggp ipencap st egp igp pup hmp xns-idp rdp iso-tp4 dccp xtp ddp',
    'idpr-cmtp ipv6 ipv6-route ipv6-frag idrp rsvp gre esp ah skip ipv6-icmp icmpv6 ipv6-nonxt',
    'ipv6-opts vmtp eigrp ospf ax.25 ipip etherip encap pim ipcomp vrrp l2tp isis sctp fc',
    'mobility-header udplite mpls-in-ip hip shim6 wesp rohc all',
  ].flatMap((line) => line.split(' ')),
);

/** Ports of a rule: numbers, ranges and names of services; a destination takes ICMP types, too. */
function portsProblem(isDestination: boolean): (value: string) => string | undefined {
  return (value) => {
    const items = value.replace(/,+$/, '').split(',');
    if (items.join(',') !== value) {
      return 'extraneous commas in list\n';
    }
    const bad = items.map((item) => portProblem(item, isDestination)).find((one) => one);
    if (bad !== undefined) {
      return bad;
    }
    const count = items.reduce((sum, item) => sum + (item.match(/\d+/g)?.length ?? 0), 0);
    if (count > 0 && items.some((item) => isDestination && isIcmpType(item))) {
      return 'ICMP ports not allowed in port range\n';
    }
    return count > 15 ? 'too many entries in port list (> 15 numbers)\n' : undefined;
  };
}

function portProblem(item: string, isDestination: boolean): string | undefined {
  if (!/^\d+(:\d+)?$/.test(item)) {
    const isKnown = serviceNames.has(item) || (isDestination && isIcmpType(item));
    return isKnown ? undefined : `invalid port '${item}'\n`;
  }
  const [first = '', last = first] = item.split(':');
  const high = [first, last].find((port) => Number(port) > 65535);
  if (high !== undefined) {
    return `invalid port '${high}'\n`;
  }
  return Number(first) > Number(last)
    ? `backwards range '${item}' not allowed, did you mean '${last}:${first}'?\n`
    : undefined;
}

function protocolProblem(value: string): string | undefined {
  const known = protocols.has(value) || (/^\d+$/.test(value) && Number(value) <= 255);
  return known ? undefined : `unknown protocol '${value}'\n`;
}

function addressesProblem(value: string): string | undefined {
  if (/^\+/.test(value) || /^(?:(?:dc|guest)\/)?[A-Za-z][A-Za-z0-9\-_]+$/.test(value)) {
    return undefined;
  }
  for (const part of value.split(',')) {
    for (const address of part.split('-')) {
      const problem = addressProblem(address);
      if (problem !== undefined) {
        return problem;
      }
    }
  }
  return undefined;
}

function addressProblem(text: string): string | undefined {
  const [address = ''] = text.split('/');
  if (isIPv4(address) || isIPv6(address)) {
    return undefined;
  }
  return `invalid IP address: ${addressComplaint(address)}\n`;
}

/** What Net::IP says. */
function addressComplaint(address: string): string {
  if (address.includes(':')) {
    return /:::|::.*::/.test(address)
      ? `Invalid address ${address} (More than one :: pattern)`
      : `Invalid IP address ${address}`;
  }
  if (/[^\d.]/.test(address)) {
    return `Invalid chars in IP ${address}`;
  }
  if (/^\.|\.$/.test(address)) {
    const end = address.startsWith('.') ? 'starts' : 'ends';
    return `Invalid IP ${address} - ${end} with a dot`;
  }
  if (address.includes('..')) {
    return `Empty quad in IP address ${address}`;
  }
  const quad = address.split('.').find((part) => Number(part) > 255);
  return quad === undefined
    ? `Invalid IP address ${address}`
    : `Invalid quad in IP address ${address} - ${quad}`;
}

function addressOrAliasProblem(value: string): string | undefined {
  const isAlias = /^(?:(?:dc|guest)\/)?[A-Za-z][A-Za-z0-9\-_]+$/.test(value);
  return isAlias || addressProblem(value) === undefined
    ? undefined
    : 'value does not look like a valid IP address or CIDR network\n';
}

/** Checks of the formats that begin with `pve-fw`. */
export const firewallFormats: Readonly<Record<string, (value: string) => string | undefined>> = {
  'pve-fw-addr-spec': addressesProblem,
  'pve-fw-dport-spec': portsProblem(true),
  'pve-fw-sport-spec': portsProblem(false),
  'pve-fw-protocol-spec': protocolProblem,
  'pve-fw-icmp-type-spec': (value) =>
    value === '' || isIcmpType(value) ? undefined : `invalid icmp-type value '${value}'\n`,
  IPorCIDRorAlias: addressOrAliasProblem,
};
