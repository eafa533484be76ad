// Why this exists: the form of a Secret, for the validator and for editors.
import {manifestSchema} from '../../core/manifest-schema.ts';

const ENV = {
  type: 'object',
  additionalProperties: false,
  required: ['env'],
  properties: {
    env: {
      type: 'string',
      pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$',
      description: 'Name of an environment variable of the controller.',
      examples: ['NEO4J_PASSWORD'],
    },
  },
} as const;

const FILE = {
  type: 'object',
  additionalProperties: false,
  required: ['file'],
  properties: {
    file: {
      type: 'string',
      minLength: 1,
      maxLength: 1024,
      description: 'Path below the secrets folder of the controller; a last line feed is dropped.',
      examples: ['neo4j-password'],
    },
  },
} as const;

/** JSON Schema of a Secret. */
export const SECRET_SCHEMA = manifestSchema({
  kind: 'Secret',
  description: 'Where the values of secrets come from; the values are never in Git.',
  spec: {
    type: 'object',
    additionalProperties: false,
    required: ['keys'],
    properties: {
      keys: {
        type: 'object',
        minProperties: 1,
        description: 'Each key with the place of its value; manifests refer to it by secretRef.',
        propertyNames: {
          pattern: '^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$',
          description: 'Keys are of letters, digits, hyphens, dots and underscores.',
          examples: ['neo4j-password'],
        },
        additionalProperties: {
          oneOf: [ENV, FILE],
          'x-secret': true,
          description: 'A key has one place: {env: NAME} or {file: path}.',
          examples: [{env: 'NEO4J_PASSWORD'}],
        },
      },
    },
  },
});
