// Why this exists: the firewall's own formats, kept apart because nothing else uses them.
import {isIPv4, isIPv6} from 'node:net';
import {isIcmpType} from './icmp-types.ts';

const protocols = new Set(
  [
    'tcp udp icmp igmp ggp ipencap st egp igp pup hmp xns-idp rdp iso-tp4 dccp xtp ddp',
    'idpr-cmtp ipv6 ipv6-route ipv6-frag idrp rsvp gre esp ah skip ipv6-icmp icmpv6 ipv6-nonxt',
    'ipv6-opts vmtp eigrp ospf ax.25 ipip etherip encap pim ipcomp vrrp l2tp isis sctp fc',
    'mobility-header udplite mpls-in-ip hip shim6 wesp rohc all',
  ].flatMap((line) => line.split(' ')),
);

function portsProblem(value: string): string | undefined {
  const bad = value
    .split(',')
    .find((part) => !/^(?:\d{1,5}(?::\d{1,5})?|[a-z][a-z0-9-]*)$/.test(part));
  return bad === undefined ? undefined : `invalid port '${bad}'\n`;
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
  const quad = address.split('.').find((part) => /^\d+$/.test(part) && Number(part) > 255);
  if (quad !== undefined) {
    return `invalid IP address: Invalid quad in IP address ${address} - ${quad}\n`;
  }
  return `invalid IP address: ${address}\n`;
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
  'pve-fw-dport-spec': portsProblem,
  'pve-fw-sport-spec': portsProblem,
  'pve-fw-protocol-spec': protocolProblem,
  'pve-fw-icmp-type-spec': (value) =>
    value === '' || isIcmpType(value) ? undefined : `invalid icmp-type value '${value}'\n`,
  IPorCIDRorAlias: addressOrAliasProblem,
};
