// Why this exists: the form of a VirtualMachineSet, for the validator and for editors.
import {manifestSchema} from '../../core/manifest-schema.ts';

/** JSON Schema of a VirtualMachineSet; each member is checked by the schema of VirtualMachine. */
export const VIRTUAL_MACHINE_SET_SCHEMA = manifestSchema({
  kind: 'VirtualMachineSet',
  description: 'Several alike virtual machines: so many, from this VMID on, with this name.',
  spec: {
    type: 'object',
    additionalProperties: false,
    required: ['replicas', 'vmidStart', 'prefix', 'template'],
    properties: {
      replicas: {
        type: 'integer',
        minimum: 0,
        maximum: 1000,
        description: 'Number of members. Fewer delete the highest first.',
        examples: [2],
      },
      vmidStart: {
        type: 'integer',
        minimum: 100,
        maximum: 999998999,
        description: 'VMID of the first member; member i has vmidStart + i.',
        examples: [200],
      },
      prefix: {
        type: 'string',
        // With a hyphen and four digits it is a label of a host name (RFC 1123: 63).
        maxLength: 58,
        pattern: '^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$',
        description: 'Members are called prefix-1, prefix-2 and so on.',
        examples: ['claude-dev'],
      },
      addresses: {
        type: 'object',
        description: 'A range of addresses by network card; member i gets the i-th.',
        propertyNames: {
          pattern: '^net(?:[0-9]|[12][0-9]|3[01])$',
          description: 'Addresses are given to network cards.',
          examples: ['net0'],
        },
        additionalProperties: {
          type: 'string',
          pattern: '^[0-9A-Fa-f.:]+\\s*-\\s*[0-9A-Fa-f.:]+(/\\d{1,3})?$',
          description: 'A range has a first and a last address, and may say the prefix length.',
          examples: ['10.0.70.100-10.0.70.119/24'],
        },
      },
      template: {
        type: 'object',
        description:
          'The spec of a VirtualMachine without vmid. {index} (from 0), {number} (from 1) and ' +
          '{vmid} stand for the member’s own in name, ipConfig and mac.',
      },
    },
  },
});
