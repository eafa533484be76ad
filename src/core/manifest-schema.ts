// Why this exists: the head of a manifest is the same for every kind, and so is its schema; a kind
// says only what its spec is.
import type {JsonObject} from './json.ts';

/** What a kind adds to the schema of the head. */
export interface ManifestSchemaParts {
  readonly kind: string;
  /** One sentence for an editor's tooltip. */
  readonly description: string;
  readonly spec: JsonObject;
  /** Definitions that the spec refers to as `#/$defs/…`. */
  readonly defs?: JsonObject;
}

/** JSON Schema 2020-12 of a whole document of a kind. */
export function manifestSchema({kind, description, spec, defs}: ManifestSchemaParts): JsonObject {
  return {
    description,
    type: 'object',
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: {const: 'pvegit/v1', description: 'The version of the manifest’s words.'},
      kind: {const: kind, description: 'What the spec describes.'},
      metadata: METADATA,
      spec,
    },
    ...(defs === undefined ? {} : {$defs: defs}),
  };
}

const METADATA: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {type: 'string', minLength: 1, description: 'Unique for its kind in a source.'},
    labels: {
      type: 'object',
      description: 'For selectors; they stay in Git.',
      additionalProperties: {type: 'string'},
    },
    annotations: {
      type: 'object',
      description: 'What pvegit is told about this one object, and own notes.',
      properties: {
        'pvegit/mode': {
          enum: ['enforce', 'create-only', 'observe'],
          description: 'How far pvegit may go with this object.',
        },
        'pvegit/on-delete': {
          enum: ['destroy', 'retain'],
          description: 'What becomes of the object when its manifest leaves.',
        },
        'pvegit/adopt': {
          type: 'string',
          description: 'Witness of the object that may be taken over; "pvegit import" writes it.',
        },
        'pvegit/replace': {type: 'string', description: 'Any new text asks once for a replace.'},
      },
      additionalProperties: {type: 'string'},
    },
  },
};
