// Why this exists: what can be wrong with a set beyond its form and the form of its members.
import type {CodeTable} from '../../core/diagnostic.ts';

/** Codes of the kind VirtualMachineSet. */
export const VIRTUAL_MACHINE_SET_CODES = {
  'set-template-vmid': 'The template of a set has a VMID',
  'set-adopt': 'A set asks to adopt one guest for all its members',
  'set-placeholder-place': 'A placeholder stands where none is replaced',
  'set-placeholder-unknown': 'A placeholder is not known',
  'set-placeholder-mac': 'A placeholder does not fit into a MAC address',
  'set-addresses-short': 'A range has fewer addresses than the set has members',
  'set-addresses-range': 'A range of addresses cannot be used',
  'set-addresses-prefix': 'A range of addresses does not say its prefix length',
  'set-addresses-twice': 'An address is given by the template and by the range',
  'set-name-same': 'All members of a set would have the same name',
} as const satisfies CodeTable;
