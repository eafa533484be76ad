// Why this exists: a subnet's gateway and DHCP ranges lie within it
// (PVE/Network/SDN/SubnetPlugin.pm).
import {isIP, isIPv4} from 'node:net';
import {paramError} from '../failure.ts';

/** Refuse with 400 a gateway or DHCP ranges that are not in the subnet `10.0.0.0/24`. */
export function requireInSubnet(
  cidr: string,
  gateway: string | undefined,
  ranges: readonly string[],
): void {
  const isPoint = isIPv4(gateway ?? '') && cidr.endsWith('/32');
  if (gateway !== undefined && !isPoint && !isWithin(cidr, gateway)) {
    paramError({gateway: `${gateway} is not in subnet ${cidr}`});
  }
  for (const range of ranges) {
    requireRange(cidr, range);
  }
}

function requireRange(cidr: string, range: string): void {
  const parts: Readonly<Record<string, string>> = Object.fromEntries(
    range.split(',').map((part) => part.split('=', 2)),
  );
  const {'start-address': start = '', 'end-address': end = ''} = parts;
  const refuse = (text: string): never => paramError({'dhcp-range': text});
  for (const [what, address] of Object.entries({'start-address': start, 'end-address': end})) {
    if (isIP(address) === 0) refuse(`${what} is not a valid IP ${address}`);
  }
  if (numberOf(start) > numberOf(end)) {
    refuse(`start-address ${start} must be smaller than end-address ${end}`);
  }
  for (const [what, address] of Object.entries({'start-address': start, 'end-address': end})) {
    if (!isWithin(cidr, address)) refuse(`${what} ${address} is not in subnet ${cidr}`);
  }
}

function isWithin(cidr: string, address: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  if (isIP(network) !== isIP(address)) {
    return false;
  }
  const rest = BigInt((isIPv4(network) ? 32 : 128) - Number(bits));
  return numberOf(network) >> rest === numberOf(address) >> rest;
}

function numberOf(address: string): bigint {
  if (isIPv4(address)) {
    return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  }
  const [head = '', tail] = address.split('::');
  const parts = (text: string): readonly string[] => text.split(':').filter((part) => part !== '');
  const behind = tail === undefined ? [] : parts(tail);
  const zeros = Array.from({length: 8 - parts(head).length - behind.length}, () => '0');
  return [...parts(head), ...zeros, ...behind].reduce(
    (sum, part) => sum * 65_536n + BigInt(Number.parseInt(part, 16)),
    0n,
  );
}
