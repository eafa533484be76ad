// Why this exists: what can be wrong with a plan of addresses, and with an address under it.
import type {CodeTable} from '../../core/diagnostic.ts';

/** Codes of the kind AddressPlan. */
export const ADDRESS_PLAN_CODES = {
  'plan-cidr-invalid': 'A network of the address plan is none',
  'plan-cidr-host-bits': 'A network of the address plan is named by an address within it',
  'plan-gateway-invalid': 'A gateway of the address plan is no address of its network',
  'plan-range-invalid': 'A range of the address plan is none',
  'plan-range-reversed': 'A range of the address plan ends before it begins',
  'plan-range-outside': 'A range of the address plan leaves its network',
  'plan-ranges-overlap': 'Two ranges of the address plan overlap',
  'plan-gateway-in-range': 'The gateway lies in a range that is given away',
  'plan-subnets-overlap': 'Two networks of the address plan overlap',
  'address-outside-plan': 'An address lies outside of the address plan',
  'address-is-gateway': 'An address is the gateway’s',
  'address-is-network': 'An address is the one of the network itself',
  'address-is-broadcast': 'An address is the one of all in the network',
  'address-in-dhcp': 'A fixed address lies where DHCP gives out addresses',
  'address-reserved': 'An address is reserved',
  'address-not-static': 'An address lies outside of the ranges for fixed addresses',
  'address-prefix': 'The length of an address’s prefix is not the network’s',
  'address-gateway-differs': 'A guest’s gateway is not the network’s',
} as const satisfies CodeTable;
