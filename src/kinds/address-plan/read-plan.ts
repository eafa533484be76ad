// Why this exists: the plan's texts as networks and ranges, with what is wrong in the plan itself;
// a part that cannot be read is left out, and the rest still checks.
import {diagnose} from '../../core/diagnostic.ts';
import {
  contains,
  type IpAddress,
  type IpNetwork,
  type IpRange,
  overlap,
  parseAddress,
  parseNetwork,
  parseRange,
} from '../../core/ip-address.ts';
import {isObject} from '../../core/json.ts';
import type {ManifestDocument} from '../../core/kind.ts';
import type {Diagnostic, SourceRange} from '../../core/model.ts';
import {ADDRESS_PLAN_CODES} from './codes.ts';

/** A range with what it is for. */
export interface PlannedRange {
  readonly use: 'static' | 'dhcp' | 'reserved';
  readonly range: IpRange;
  readonly text: string;
  /** Guests that may have reserved addresses. */
  readonly vmids: readonly number[];
  readonly note: string | null;
  readonly at: SourceRange;
}

/** One network of a plan. */
export interface Subnet {
  readonly cidr: string;
  readonly network: IpNetwork;
  readonly gateway: {readonly address: IpAddress; readonly text: string} | null;
  readonly ranges: readonly PlannedRange[];
  readonly at: SourceRange;
}

/** Places a mistake of the plan; `pointer` from the document's root. */
export type TellPlan = (
  code: keyof typeof ADDRESS_PLAN_CODES,
  pointer: string,
  detail: string,
  remedy: string,
) => void;

/** The networks of one plan; what cannot be read is told and left out. */
export function readPlan(document: ManifestDocument): {
  readonly subnets: readonly Subnet[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const tell: TellPlan = (code, pointer, detail, remedy) => {
    const range = document.ranges[pointer] ?? document.range;
    diagnostics.push(diagnose(ADDRESS_PLAN_CODES, code, {range, detail, remedy}));
  };
  const spec = document.value['spec'];
  const list = isObject(spec) && Array.isArray(spec['subnets']) ? spec['subnets'] : [];
  const subnets = list.flatMap((item: unknown, index) => {
    if (!isObject(item)) return [];
    return readSubnet(document, item, {pointer: `/spec/subnets/${index}`, tell});
  });
  return {subnets, diagnostics};
}

interface Place {
  readonly pointer: string;
  readonly tell: TellPlan;
}

type Fields = {readonly [key: string]: unknown};

function readSubnet(
  document: ManifestDocument,
  item: Fields,
  {pointer, tell}: Place,
): readonly Subnet[] {
  const cidr = String(item['cidr']);
  const network = parseNetwork(cidr);
  if (network === null) {
    const detail = `"${cidr}" is no network.`;
    tell('plan-cidr-invalid', `${pointer}/cidr`, detail, 'Write it as 10.0.70.0/24.');
    return [];
  }
  if (network.hostBits) {
    const detail = `"${cidr}" has bits set behind its prefix of ${network.prefix}.`;
    const remedy = 'Write the network’s first address, as in 10.0.70.0/24.';
    tell('plan-cidr-host-bits', `${pointer}/cidr`, detail, remedy);
  }
  const ranges = (['static', 'dhcp', 'reserved'] as const).flatMap((use) =>
    readRanges(document, item[use], {use, network, cidr, pointer: `${pointer}/${use}`, tell}),
  );
  const gateway = readGateway(item['gateway'], {network, cidr, pointer, tell});
  tellOverlaps(ranges, tell, document);
  if (gateway !== null) tellGatewayInRange(gateway, ranges, {pointer, tell});
  const at = document.ranges[`${pointer}/cidr`] ?? document.range;
  return [{cidr, network, gateway, ranges, at}];
}

interface NetworkPlace extends Place {
  readonly network: IpNetwork;
  readonly cidr: string;
}

function readGateway(
  text: unknown,
  {network, cidr, pointer, tell}: NetworkPlace,
): Subnet['gateway'] {
  if (typeof text !== 'string') return null;
  const address = parseAddress(text);
  if (address !== null && contains(network, address)) return {address, text};
  const detail = `"${text}" does not lie in ${cidr}.`;
  tell('plan-gateway-invalid', `${pointer}/gateway`, detail, 'Write the router’s address there.');
  return null;
}

function readRanges(
  document: ManifestDocument,
  list: unknown,
  place: NetworkPlace & {readonly use: PlannedRange['use']},
): readonly PlannedRange[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index) => {
    const fields: Fields = isObject(item) ? item : {addresses: item};
    const below = isObject(item) ? `/${index}/addresses` : `/${index}`;
    return readOne(document, fields, {...place, pointer: `${place.pointer}${below}`});
  });
}

function readOne(
  document: ManifestDocument,
  fields: Fields,
  {use, network, cidr, pointer, tell}: NetworkPlace & {readonly use: PlannedRange['use']},
): readonly PlannedRange[] {
  const text = String(fields['addresses']);
  const range = parseRange(text);
  if (range === null) {
    const detail = `"${text}" is neither an address nor two of one family.`;
    tell('plan-range-invalid', pointer, detail, 'Write it as 10.0.70.10-10.0.70.99.');
    return [];
  }
  if (range.first.value > range.last.value) {
    const detail = `"${text}" holds no address.`;
    tell('plan-range-reversed', pointer, detail, 'Write the lower address first.');
    return [];
  }
  if (!contains(network, range.first) || !contains(network, range.last)) {
    const detail = `"${text}" does not lie in ${cidr}.`;
    tell('plan-range-outside', pointer, detail, 'Write addresses of this network.');
    return [];
  }
  const {vmids, note} = fields;
  const at = document.ranges[pointer] ?? document.range;
  return [
    {
      use,
      range,
      text,
      vmids: Array.isArray(vmids) ? vmids.map(Number) : [],
      note: typeof note === 'string' ? note : null,
      at,
    },
  ];
}

/** Reserved addresses may lie within the other ranges: that is what they are taken out of. */
function tellOverlaps(
  ranges: readonly PlannedRange[],
  tell: TellPlan,
  document: ManifestDocument,
): void {
  for (const [index, one] of ranges.entries()) {
    const other = ranges.slice(0, index).find((item) => {
      const carved = (item.use === 'reserved') !== (one.use === 'reserved');
      return !carved && overlap(item.range, one.range);
    });
    if (other === undefined) continue;
    const pointer = pointerAt(document, one.at);
    const detail = `${one.text} (${one.use}) and ${other.text} (${other.use}) share addresses.`;
    tell('plan-ranges-overlap', pointer, detail, 'Let each address have one use.');
  }
}

function tellGatewayInRange(
  gateway: NonNullable<Subnet['gateway']>,
  ranges: readonly PlannedRange[],
  {pointer, tell}: Place,
): void {
  const around = ranges.find(
    ({use, range}) => use !== 'reserved' && contains(range, gateway.address),
  );
  if (around === undefined) return;
  const detail = `${gateway.text} lies in ${around.text} (${around.use}).`;
  const remedy = 'Take the gateway out of the range.';
  tell('plan-gateway-in-range', `${pointer}/gateway`, detail, remedy);
}

function pointerAt(document: ManifestDocument, at: SourceRange): string {
  const found = Object.entries(document.ranges).find(([, range]) => range === at);
  return found?.[0] ?? '';
}
