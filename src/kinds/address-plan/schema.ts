// Why this exists: the form of an AddressPlan, for the validator and for editors.
import {manifestSchema} from '../../core/manifest-schema.ts';

const RANGE = {
  type: 'string',
  pattern: '^[0-9A-Fa-f.:]+(\\s*-\\s*[0-9A-Fa-f.:]+)?$',
  description: 'An address, or a first and a last one.',
  examples: ['10.0.70.10-10.0.70.99'],
} as const;

/** JSON Schema of an AddressPlan. */
export const ADDRESS_PLAN_SCHEMA = manifestSchema({
  kind: 'AddressPlan',
  description: 'Which addresses exist and what they are for; it only checks, and changes nothing.',
  spec: {
    type: 'object',
    additionalProperties: false,
    required: ['subnets'],
    properties: {
      subnets: {
        type: 'array',
        minItems: 1,
        maxItems: 1000,
        description: 'The networks of the plan; an address outside of all of them is an error.',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['cidr'],
          properties: {
            cidr: {
              type: 'string',
              pattern: '^[0-9A-Fa-f.:]+/\\d{1,3}$',
              description: 'The network with the length of its prefix.',
              examples: ['10.0.70.0/24'],
            },
            gateway: {
              type: 'string',
              description: 'The router’s address, which no guest may have.',
              examples: ['10.0.70.1'],
            },
            static: {
              type: 'array',
              description: 'Where guests may have fixed addresses; left out, anywhere else.',
              items: RANGE,
            },
            dhcp: {
              type: 'array',
              description: 'What the DHCP server gives out; no guest may have such a one fixed.',
              items: RANGE,
            },
            reserved: {
              type: 'array',
              description: 'Addresses that no guest may have, or only those that are named.',
              items: {
                type: 'object',
                additionalProperties: false,
                required: ['addresses'],
                properties: {
                  addresses: RANGE,
                  vmids: {
                    type: 'array',
                    items: {type: 'integer', minimum: 100},
                    description: 'Guests that may have them all the same, as a template’s own.',
                  },
                  note: {type: 'string', maxLength: 200, description: 'What they are kept for.'},
                },
              },
            },
            note: {type: 'string', maxLength: 200, description: 'What the network is for.'},
          },
        },
      },
    },
  },
});
