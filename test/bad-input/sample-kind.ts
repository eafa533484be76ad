// Why this exists: not every keyword of JSON Schema occurs in a real kind, and each has its
// sentence. This kind has a field for every way in which a value can miss its schema.

import type {RecordKind} from '../../src/core/kind.ts';
import {manifestSchema} from '../../src/core/manifest-schema.ts';

/** A kind that means nothing. */
export const SAMPLE: RecordKind = {
  role: 'record',
  name: 'Sample',
  schema: manifestSchema({
    kind: 'Sample',
    description: 'A field for each keyword.',
    spec: {
      type: 'object',
      additionalProperties: false,
      properties: {
        text: {type: 'string', minLength: 2, maxLength: 8},
        flag: {type: 'boolean'},
        number: {type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 10},
        whole: {type: 'integer', minimum: 1, maximum: 64, multipleOf: 2},
        list: {type: 'array', items: {type: 'string'}, minItems: 1, maxItems: 3, uniqueItems: true},
        must: {type: 'array', contains: {const: 'root'}, description: 'It has a root.'},
        map: {type: 'object', minProperties: 1, maxProperties: 2},
        word: {enum: ['running', 'stopped', 'ignore']},
        constant: {const: 'x'},
        size: {
          type: 'string',
          pattern: '^\\d+(MiB|GiB|TiB)$',
          description: 'A size has a unit, MiB, GiB or TiB.',
          examples: ['32GiB'],
        },
        host: {type: 'string', format: 'ipv4'},
        either: {type: ['string', 'integer'], description: 'A name or a number.'},
        form: {
          description: 'A size, or a map with one.',
          examples: ['32GiB'],
          oneOf: [
            {type: 'string', pattern: '^\\d+GiB$'},
            {
              type: 'object',
              additionalProperties: false,
              required: ['gib'],
              properties: {gib: {type: 'integer'}},
            },
          ],
        },
        both: {oneOf: [{type: 'integer'}, {type: 'number'}], examples: [1.5]},
        never: {not: {const: 'admin'}, description: 'It is not the administrator.'},
        gone: false,
        pair: {
          type: 'object',
          properties: {user: {type: 'string'}, password: {type: 'object'}},
          dependentRequired: {password: ['user']},
        },
        slots: {
          type: 'object',
          additionalProperties: false,
          patternProperties: {'^net\\d+$': {type: 'object'}},
        },
        names: {
          type: 'object',
          propertyNames: {pattern: '^[a-z]+$', description: 'Names are of small letters.'},
        },
        secret: {
          type: 'object',
          required: ['secretRef'],
          properties: {secretRef: {type: 'object'}},
        },
        tuple: {type: 'array', prefixItems: [{type: 'string'}], items: false},
        cpu: {type: 'object', additionalProperties: false, properties: {cores: {type: 'integer'}}},
        depends: {type: 'object', dependentSchemas: {a: {required: ['b']}}},
      },
    },
  }),
};
