// Why this exists: the rules under which a guest may have an address, each in its own words.
import {diagnose} from '../../core/diagnostic.ts';
import {addressText, contains, type IpAddress, parseAddress} from '../../core/ip-address.ts';
import type {Desired, Diagnostic} from '../../core/model.ts';
import {ADDRESS_PLAN_CODES} from './codes.ts';
import type {PlannedRange, Subnet} from './read-plan.ts';

/** A fixed address of a guest. */
export interface HeldAddress {
  readonly desired: Desired;
  readonly address: IpAddress;
  /** Field of the guest that says it. */
  readonly path: string;
  readonly prefix: number | null;
  readonly gateway: {readonly path: string; readonly text: string} | null;
}

/** What is wrong with an address under the plan; nothing if no network of its family is planned. */
export function checkAddress(held: HeldAddress, subnets: readonly Subnet[]): readonly Diagnostic[] {
  const family = subnets.filter(({network}) => network.first.family === held.address.family);
  if (family.length === 0) return [];
  const subnet = family.find(({network}) => contains(network, held.address));
  if (subnet === undefined) {
    const known = family.map(({cidr}) => cidr).join(', ');
    const detail = `${nameOf(held)} lies in none of ${known}.`;
    return [tell(held, 'address-outside-plan', detail, 'Choose an address of the plan.')];
  }
  const first = use(held, subnet);
  return [...(first === null ? [] : [first]), ...checkNetwork(held, subnet)];
}

type Code = keyof typeof ADDRESS_PLAN_CODES;

function tell(held: HeldAddress, code: Code, detail: string, remedy: string, path = held.path) {
  const {desired} = held;
  const range = desired.ranges[path] ?? desired.range;
  return diagnose(ADDRESS_PLAN_CODES, code, {range, detail, remedy, key: desired.key});
}

function nameOf({desired, address}: HeldAddress): string {
  return `${addressText(address)} of ${desired.kind} ${desired.name}`;
}

const CHOOSE = 'Choose an address that is free.';

/** The first reason for which the guest may not have the address. */
function use(held: HeldAddress, subnet: Subnet): Diagnostic | null {
  const {address, desired} = held;
  const {network, gateway, ranges} = subnet;
  if (gateway !== null && gateway.address.value === address.value) {
    const detail = `The router of ${subnet.cidr} has it.`;
    return tell(held, 'address-is-gateway', detail, CHOOSE);
  }
  // RFC 3021: a /31 has neither; of IPv6 only the first is special, and routers answer to it.
  const ends = network.prefix < (address.family === 4 ? 31 : 127);
  if (ends && address.value === network.first.value) {
    const detail = `It names ${subnet.cidr} as a whole.`;
    return tell(held, 'address-is-network', detail, CHOOSE);
  }
  if (ends && address.family === 4 && address.value === network.last.value) {
    const detail = `Whoever speaks to it speaks to all of ${subnet.cidr}.`;
    return tell(held, 'address-is-broadcast', detail, CHOOSE);
  }
  const around = ranges.filter(({range}) => contains(range, address));
  const reserved = around.find((range) => range.use === 'reserved');
  if (reserved !== undefined) {
    if (reserved.vmids.some((vmid) => desired.key === `guest/${vmid}`)) return null;
    return tell(held, 'address-reserved', reservedFor(reserved), CHOOSE);
  }
  const dhcp = around.find((range) => range.use === 'dhcp');
  if (dhcp !== undefined) {
    const detail = `${nameOf(held)} lies in ${dhcp.text}; the server may give it to another.`;
    return tell(held, 'address-in-dhcp', detail, 'Choose a fixed address, or write "ip: dhcp".');
  }
  return checkStatic(held, subnet, around);
}

function reservedFor({text, note, vmids}: PlannedRange): string {
  const what = note === null ? '' : ` for ${note}`;
  const who = vmids.length === 0 ? '' : ` Only VMID ${vmids.join(', ')} may have it.`;
  return `${text} is reserved${what}.${who}`;
}

function checkStatic(
  held: HeldAddress,
  subnet: Subnet,
  around: readonly PlannedRange[],
): Diagnostic | null {
  const ranges = subnet.ranges.filter((range) => range.use === 'static');
  if (ranges.length === 0 || around.some((range) => range.use === 'static')) return null;
  const texts = ranges.map(({text}) => text).join(', ');
  const detail = `${nameOf(held)} lies outside of ${texts}.`;
  return tell(held, 'address-not-static', detail, 'Choose one of these, or change the plan.');
}

/** What the guest says of the network itself. */
function checkNetwork(held: HeldAddress, subnet: Subnet): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const {prefix, gateway} = held;
  if (prefix !== null && prefix !== subnet.network.prefix) {
    const detail = `It says /${prefix}, and the network is ${subnet.cidr}.`;
    const remedy = `Write /${subnet.network.prefix}.`;
    found.push(tell(held, 'address-prefix', detail, remedy));
  }
  if (gateway === null || subnet.gateway === null) return found;
  if (parseAddress(gateway.text)?.value === subnet.gateway.address.value) return found;
  const detail = `The plan says ${subnet.gateway.text} for ${subnet.cidr}.`;
  const remedy = `Write ${subnet.gateway.text}, or change the plan.`;
  // A guest may have another way out on purpose, so the review is told and nothing is stopped.
  const told = tell(held, 'address-gateway-differs', detail, remedy, gateway.path);
  return [...found, {...told, severity: 'warning'}];
}
