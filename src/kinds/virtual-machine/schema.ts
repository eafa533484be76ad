// Why this exists: the JSON Schema of a VirtualMachine, built from the field table and the key
// table, so that an editor completes and checks what the program reads.
import type {JsonObject} from '../../core/json.ts';
import {manifestSchema} from '../../core/manifest-schema.ts';
import type {KeyFacts, LeafFacts} from '../guest/facts.ts';
import type {LeafType} from '../guest/leaf.ts';
import {configFamilies, configLeafType, configSubKeys} from './config-key.ts';
import type {FieldSpec} from './field-spec.ts';
import {fieldEntries, specFacts} from './field-table.ts';

type Node = {spec: FieldSpec | null; readonly children: Map<string, Node>};

const DRIVE = '(?:ide[0-3]|sata[0-5]|scsi(?:[0-9]|[12][0-9]|30)|virtio(?:[0-9]|1[0-5]))';
const NET = 'net(?:[0-9]|[12][0-9]|3[01])';

/** Forms of slots, by the path of the map that holds them. */
const SLOTS: {readonly [path: string]: {readonly pattern: string; readonly example: string}} = {
  disks: {pattern: `^${DRIVE}$`, example: 'scsi0'},
  cdroms: {pattern: `^${DRIVE}$`, example: 'ide2'},
  networks: {pattern: `^${NET}$`, example: 'net0'},
  'cloudInit.ipConfig': {pattern: `^${NET}$`, example: 'net0'},
  unused: {
    pattern: '^unused(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$',
    example: 'unused0',
  },
};

const GROUPS: {readonly [path: string]: string} = {
  startup: 'When the guest starts and stops with its node.',
  agent: 'The QEMU guest agent.',
  cpu: 'Processors.',
  disks: 'Disks by slot; what is not declared is left alone.',
  unused: 'Detached volumes; null deletes one for good.',
  cdroms: 'CD drives by slot.',
  networks: 'Network cards by slot.',
  cloudInit: 'What cloud-init sets up inside.',
  'cloudInit.custom': 'Snippets that replace generated parts.',
  'cloudInit.ipConfig': 'Addresses by network card.',
  boot: 'From what the guest boots.',
};

function specSchema(): JsonObject {
  const fields = objectOf(tree(), '');
  return {
    ...fields,
    description: 'What the guest shall be.',
    required: ['vmid'],
    properties: {...VMID, ...properties(fields), ...CREATION, config: configSchema()},
  };
}

const VMID: JsonObject = {
  vmid: {
    type: 'integer',
    minimum: 100,
    maximum: 999_999_999,
    description: 'The guest’s identity, together with its cluster.',
    examples: [150],
  },
};

const IMPORT = {
  type: 'string',
  minLength: 3,
  description: 'Volume to import when the disk is made; never compared afterwards.',
  examples: ['local:import/noble-server-cloudimg-amd64.qcow2'],
} as const;

const CREATION: JsonObject = {
  clone: {
    type: 'object',
    additionalProperties: false,
    required: ['vmid'],
    description: 'Made as a copy of another guest; never compared afterwards.',
    properties: {
      vmid: {type: 'integer', minimum: 100, maximum: 999_999_999, description: 'What is cloned.'},
      full: {type: 'boolean', description: 'Copy the disks instead of standing on them.'},
      storage: {type: 'string', minLength: 2, description: 'Storage of a full copy.'},
      format: {enum: ['raw', 'qcow2', 'vmdk'], description: 'Format of a full copy.'},
      snapname: {type: 'string', maxLength: 40, description: 'Snapshot to copy.'},
    },
  },
  image: {
    type: 'object',
    additionalProperties: false,
    required: ['file', 'disk'],
    description: 'Made from an image; never compared afterwards.',
    properties: {
      file: IMPORT,
      disk: {type: 'string', pattern: `^${DRIVE}$`, description: 'Slot.', examples: ['scsi0']},
    },
  },
  empty: {
    type: 'object',
    additionalProperties: false,
    description: 'Made from nothing but this document.',
  },
  retainDisks: {
    type: 'object',
    additionalProperties: false,
    required: ['vmid', 'disks'],
    description: 'Disks that another guest is given before this one is deleted or replaced.',
    properties: {
      vmid: {
        type: 'integer',
        minimum: 100,
        maximum: 999_999_999,
        description: 'The guest that keeps them as unused; managed, on the same node.',
      },
      disks: {
        type: 'array',
        minItems: 1,
        items: {type: 'string', pattern: `^${DRIVE}$`, description: 'Slot.', examples: ['scsi1']},
        description: 'Their slots.',
        examples: [['scsi1']],
      },
    },
  },
  dependsOn: {
    type: 'array',
    items: {type: ['string', 'integer'], description: 'A name, Kind/name or a VMID.'},
    description: 'Guests that must be there before.',
    examples: [['neo4j-db']],
  },
};

/** JSON Schema of a VirtualMachine document. */
export const VIRTUAL_MACHINE_SCHEMA: JsonObject = manifestSchema({
  kind: 'VirtualMachine',
  description: 'A QEMU guest. Only what is declared is managed; null means "must be absent".',
  spec: specSchema(),
});

function tree(): Node {
  const root: Node = {spec: null, children: new Map()};
  for (const [template, spec] of fieldEntries()) {
    if (spec.key === 'config') continue;
    let node = root;
    for (const part of template.split('.')) {
      const next = node.children.get(part) ?? {spec: null, children: new Map()};
      node.children.set(part, next);
      node = next;
    }
    node.spec = spec;
  }
  return root;
}

function schemaOf(node: Node, path: string): JsonObject {
  if (node.spec !== null && node.children.size === 0) return leafSchema(node.spec);
  const says = node.spec?.says ?? GROUPS[path];
  return {...objectOf(node, path), ...(says === undefined ? {} : {description: says})};
}

function objectOf(node: Node, path: string): JsonObject {
  const type = node.spec === null ? 'object' : ['object', 'null'];
  const slot = node.children.get('*');
  if (slot) {
    const form = SLOTS[path];
    return {
      type,
      propertyNames: {
        ...(form ? {pattern: form.pattern, examples: [form.example]} : {}),
        description: 'Slots are named as in Proxmox.',
      },
      additionalProperties: schemaOf(slot, `${path}.*`),
    };
  }
  const members = [...node.children].map(([name, child]) => {
    return [name, schemaOf(child, path === '' ? name : `${path}.${name}`)] as const;
  });
  const imports = path === 'disks.*' ? {'import-from': IMPORT} : {};
  return {
    type,
    additionalProperties: false,
    properties: {...Object.fromEntries(members), ...imports},
  };
}

function leafSchema(spec: FieldSpec): JsonObject {
  const facts = specFacts(spec) ?? {};
  const words = spec.words ?? facts.enum;
  return {
    ...valueSchema(spec.type, {...facts, ...(words ? {enum: words} : {})}, spec.key !== null),
    description: spec.says,
    ...(spec.examples ? {examples: spec.examples} : {}),
  };
}

/** A value, or null where it may be absent. Numbers may be written as text, as Proxmox does. */
function valueSchema(type: LeafType, facts: LeafFacts, nullable: boolean): JsonObject {
  const nothing = nullable ? ['null'] : [];
  const {minimum, maximum, pattern, maxLength} = facts;
  const range = {
    ...(minimum === undefined ? {} : {minimum}),
    ...(maximum === undefined ? {} : {maximum}),
  };
  if (facts.enum && type !== 'on-ignore')
    return {enum: [...facts.enum, ...(nullable ? [null] : [])]};
  switch (type) {
    case 'boolean':
      return {type: ['boolean', ...nothing]};
    case 'on-ignore':
      return {enum: [true, false, 'on', 'ignore', ...(nullable ? [null] : [])]};
    case 'integer':
      return {type: ['integer', 'string', ...nothing], pattern: '^[0-9]+$', ...range};
    case 'number':
      return {type: ['number', 'string', ...nothing], pattern: '^[0-9]+([.][0-9]+)?$', ...range};
    case 'mebibytes':
    case 'disk-size':
      return {type: ['string', ...nothing], pattern: '^ *[0-9]+([.][0-9]+)? *[KMGTkmgt]i?B? *$'};
    case 'seconds':
      return {type: ['string', ...nothing], pattern: '^([0-9]+[smhd] *)+$'};
    case 'tags':
    case 'words':
    case 'set':
    case 'sequence':
    case 'ssh-keys':
      return {type: ['array', 'string', ...nothing], items: {type: ['string', 'integer']}};
    case 'secret':
      return secretSchema(nothing);
    case 'presence':
      return {type: ['object', 'null'], maxProperties: 0};
    case 'hotplug':
      return {type: ['string', 'boolean', 'integer', ...nothing]};
    case 'text':
    case 'encoded':
    case 'mac':
    case 'address':
    case 'description':
      return {
        type: ['string', ...(type === 'text' ? ['integer'] : []), ...nothing],
        ...(pattern === undefined ? {} : {pattern: unicodePattern(pattern)}),
        ...(maxLength === undefined ? {} : {maxLength}),
      };
  }
}

/**
 * JSON Schema reads patterns as Unicode ones, in which only syntax characters may be escaped;
 * Proxmox's patterns also escape others (`\-`, `\:`), which are written as code points instead.
 */
function unicodePattern(pattern: string): string {
  return pattern.replace(/\\([^\p{L}\p{N}\s^$\\.*+?()[\]{}|/])/gu, (_, character: string) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function secretSchema(nothing: readonly string[]): JsonObject {
  return {
    type: ['object', ...nothing],
    additionalProperties: false,
    required: ['secretRef'],
    properties: {
      secretRef: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'key'],
        description: 'A Secret manifest and one of its keys; the value is never in Git.',
        properties: {
          name: {type: 'string', minLength: 1, description: 'metadata.name of the Secret.'},
          key: {type: 'string', minLength: 1, description: 'One of its keys.'},
        },
      },
    },
  };
}

function configSchema(): JsonObject {
  const plain: {[name: string]: JsonObject} = {};
  const families: {[pattern: string]: JsonObject} = {};
  for (const [family, facts] of configFamilies()) {
    if (facts.indexed === undefined) plain[family] = keySchema(family, facts);
    else families[`^${family.slice(0, -1)}[0-9]{1,3}$`] = keySchema(family, facts);
  }
  return {
    type: 'object',
    additionalProperties: false,
    description: 'Configuration keys of Proxmox that have no field, as Proxmox spells them.',
    properties: plain,
    patternProperties: families,
  };
}

function keySchema(key: string, facts: KeyFacts): JsonObject {
  const note = facts.rootOnly === true ? ' Only root@pam may set it.' : '';
  const description = `Proxmox's ${key}.${note}`;
  const subs = configSubKeys(key, facts);
  if (subs.length === 0) {
    return {...valueSchema(configLeafType(key, facts), facts, true), description};
  }
  const members = subs.map((sub) => {
    const leaf = facts.properties?.[sub] ?? {};
    return [sub, valueSchema(configLeafType('', leaf), leaf, true)] as const;
  });
  return {
    type: ['object', 'string', 'integer', 'boolean', 'null'],
    additionalProperties: false,
    properties: Object.fromEntries(members),
    description,
  };
}

function properties(schema: JsonObject): JsonObject {
  const value = schema['properties'];
  // Safe: objectOf wrote it as an object.
  return value as JsonObject;
}
