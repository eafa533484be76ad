// Why this exists: an address given twice, or one that DHCP or the router has, takes two machines
// off the network at once; with a plan in Git it is found in the review.
import {diagnose} from '../../core/diagnostic.ts';
import {addressText, overlap, parseAddress} from '../../core/ip-address.ts';
import type {CheckKind, ManifestDocument} from '../../core/kind.ts';
import type {Desired, Diagnostic} from '../../core/model.ts';
import {checkAddress, type HeldAddress} from './check-address.ts';
import {ADDRESS_PLAN_CODES} from './codes.ts';
import {readPlan, type Subnet} from './read-plan.ts';
import {ADDRESS_PLAN_SCHEMA} from './schema.ts';

/** The kind AddressPlan. */
export const addressPlan: CheckKind = {
  role: 'check',
  name: 'AddressPlan',
  schema: ADDRESS_PLAN_SCHEMA,
  check,
};

function check(
  documents: readonly ManifestDocument[],
  desired: readonly Desired[],
): readonly Diagnostic[] {
  const plans = documents.map(readPlan);
  const subnets = plans.flatMap((plan) => plan.subnets);
  const held = desired.flatMap(heldAddresses);
  return [
    ...plans.flatMap(({diagnostics}) => diagnostics),
    ...overlappingSubnets(subnets),
    ...held.flatMap((address) => checkAddress(address, subnets)),
  ];
}

/** Addresses that a guest claims, with what else its configuration says of them. */
function heldAddresses(desired: Desired): readonly HeldAddress[] {
  return desired.claims.flatMap(({space, value, path}) => {
    if (space !== 'address') return [];
    const [bare = '', prefix] = value.split('/');
    const address = parseAddress(bare);
    if (address === null) return [];
    const written = desired.body[path];
    const length = prefix ?? (typeof written === 'string' ? written.split('/')[1] : undefined);
    const gatewayPath = path.replace(/\.ip(6?)$/, '.gw$1');
    const gateway = gatewayPath === path ? undefined : desired.body[gatewayPath];
    return [
      {
        desired,
        address,
        path,
        prefix: length === undefined ? null : Number(length),
        gateway: typeof gateway === 'string' ? {path: gatewayPath, text: gateway} : null,
      },
    ];
  });
}

/** The later of two networks that overlap is told, by the order of their addresses. */
function overlappingSubnets(subnets: readonly Subnet[]): readonly Diagnostic[] {
  const sorted = [...subnets].sort((a, b) => {
    const [x, y] = [a.network.first.value, b.network.first.value];
    return x < y ? -1 : x > y ? 1 : a.network.prefix - b.network.prefix;
  });
  return sorted.flatMap((one, index) => {
    const other = sorted.slice(0, index).find(({network}) => overlap(network, one.network));
    if (other === undefined) return [];
    const first = addressText(one.network.first);
    const detail = `${one.cidr} and ${other.cidr} share addresses, from ${first} on.`;
    const remedy = 'Describe each network once.';
    const {at} = one;
    return [diagnose(ADDRESS_PLAN_CODES, 'plan-subnets-overlap', {range: at, detail, remedy})];
  });
}
