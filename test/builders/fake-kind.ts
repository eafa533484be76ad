// Why this exists: the manifest room is tested without knowing any real kind; this one has just
// what the room looks at: references, claims, secrets, and a place for each field.
import type {JsonObject} from '../../src/core/json.ts';
import {isObject} from '../../src/core/json.ts';
import type {ManifestDocument, Normalised, ResourceKind} from '../../src/core/kind.ts';
import type {Claim, FieldValue, SourceRange} from '../../src/core/model.ts';

/** A guest with few fields, in the role of a resource. */
export const FAKE_GUEST: ResourceKind = {
  role: 'resource',
  name: 'Guest',
  idPrefix: 'fake',
  schema: {
    type: 'object',
    properties: {
      apiVersion: {const: 'pvegit/v1'},
      kind: {const: 'Guest'},
      metadata: {type: 'object'},
      spec: {
        type: 'object',
        additionalProperties: false,
        required: ['vmid'],
        properties: {
          vmid: {type: 'integer', minimum: 100, maximum: 999999999, description: 'The VMID.'},
          memory: {type: 'string', pattern: '^\\d+GiB$', examples: ['4GiB']},
          power: {enum: ['running', 'stopped', 'ignore']},
          cpu: {
            type: 'object',
            additionalProperties: false,
            properties: {cores: {type: 'integer', minimum: 1}, type: {type: ['string', 'null']}},
          },
          tags: {type: 'array', uniqueItems: true, items: {type: 'string'}},
          address: {type: 'string', format: 'ipv4'},
          mac: {type: 'string'},
          guestName: {type: 'string'},
          volume: {type: 'string'},
          pool: {type: 'string'},
          protection: {type: 'boolean'},
          password: {
            type: 'object',
            additionalProperties: false,
            required: ['secretRef'],
            properties: {secretRef: {type: 'object'}},
          },
          disks: {
            type: 'object',
            additionalProperties: false,
            patternProperties: {'^scsi\\d+$': {type: 'object'}},
          },
          dependsOn: {type: 'array', items: {type: 'string'}},
          size: {
            oneOf: [
              {type: 'string', pattern: '^\\d+GiB$'},
              {
                type: 'object',
                additionalProperties: false,
                properties: {gib: {type: 'integer'}},
              },
            ],
          },
        },
      },
    },
  },
  normalise,
  reads: () => [],
  observe: () => ({kind: 'absent'}),
  fields: {},
  steps: () => ({
    steps: [],
    facts: {},
    findings: [],
    loads: [],
    diagnostics: [],
    writes: [],
  }),
  listed: () => [],
  verify: () => ({kind: 'as-expected'}),
};

function normalise(document: ManifestDocument): Normalised {
  const spec = document.value['spec'];
  if (!isObject(spec)) return {desired: [], diagnostics: []};
  const body: {[path: string]: FieldValue} = {};
  const ranges: {[path: string]: SourceRange} = {};
  flatten(spec, '', (path, pointer, value) => {
    body[path] = value;
    const range = document.ranges[`/spec${pointer}`];
    if (range) ranges[path] = range;
  });
  const claims: Claim[] = [
    {space: 'vmid', value: String(spec['vmid']), exclusive: true, path: 'vmid'},
  ];
  for (const space of ['address', 'mac', 'volume', 'pool', 'name'] as const) {
    const path = space === 'name' ? 'guestName' : space;
    const value = spec[path];
    if (typeof value === 'string') claims.push({space, value, exclusive: true, path});
  }
  const dependsOn = Array.isArray(spec['dependsOn']) ? spec['dependsOn'].map(String) : [];
  const desired = {
    key: `guest/${String(spec['vmid'])}`,
    kind: 'Guest',
    name: document.name,
    source: document.source,
    body,
    creation: {},
    directives: {mode: 'enforce', onDelete: 'destroy', adopt: null, replace: null} as const,
    labels: {},
    dependsOn,
    protection: spec['protection'] === true,
    claims,
    range: document.range,
    ranges,
  };
  return {desired: [desired], diagnostics: []};
}

function flatten(
  value: {readonly [key: string]: unknown},
  path: string,
  leaf: (path: string, pointer: string, value: FieldValue) => void,
): void {
  for (const [key, item] of Object.entries(value)) {
    const below = path === '' ? key : `${path}.${key}`;
    if (isObject(item) && !('secretRef' in item)) flatten(item, below, leaf);
    // Safe: the fake's schema lets only leaves through here.
    else leaf(below, `/${below.replaceAll('.', '/')}`, item as FieldValue);
  }
}

/** A kind that takes any spec, for what only looks at heads. */
export function recordKind(name: string, spec: JsonObject = {type: 'object'}) {
  return {
    role: 'record',
    name,
    schema: {type: 'object', properties: {spec}},
  } as const;
}
