// Why this exists: the form of Defaults, for the validator and for editors.
import {manifestSchema} from '../../core/manifest-schema.ts';

/** JSON Schema of Defaults; each partial spec is checked by the schema of its kind. */
export const DEFAULTS_SCHEMA = manifestSchema({
  kind: 'Defaults',
  description: 'Partial specs by kind, for the folder of this file and those below it.',
  spec: {
    type: 'object',
    minProperties: 1,
    description: 'A kind’s name, and below it the part of its spec that the folder shares.',
    propertyNames: {
      pattern: '^[A-Z][A-Za-z]{1,63}$',
      description: 'Below spec stand names of kinds.',
      examples: ['VirtualMachine'],
    },
    additionalProperties: {type: 'object', description: 'A part of the kind’s spec.'},
  },
});
