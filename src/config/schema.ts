// Why this exists: the one description of the configuration file. Ajv checks with it, an editor
// completes with it (schemas/config.json is generated from it), and the defaults stand in it.
import type {JsonObject} from '../core/json.ts';
import {CLASS_MODES} from '../core/policy.ts';

/** A duration as people write it. */
const DURATION = '^[0-9]{1,6}(?:\\.[0-9]{1,3})?(?:ms|s|m|h|d)$';

const duration = (description: string, by: string): JsonObject => ({
  type: 'string',
  pattern: DURATION,
  description,
  default: by,
});
const text = (description: string, more: JsonObject = {}): JsonObject => ({
  type: 'string',
  minLength: 1,
  maxLength: 4096,
  description,
  ...more,
});
const list = (items: JsonObject, description: string, more: JsonObject = {}): JsonObject => ({
  type: 'array',
  items,
  description,
  ...more,
});
const map = (description: string, properties: JsonObject, required: string[] = []): JsonObject => ({
  type: 'object',
  description,
  properties,
  additionalProperties: false,
  ...(required.length === 0 ? {} : {required}),
});
const NAME = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const name = (description: string): JsonObject => text(description, {pattern: NAME});
const count = (description: string, by: number, maximum: number): JsonObject => ({
  type: 'integer',
  minimum: 1,
  maximum,
  description,
  default: by,
});
const secret = (description: string): JsonObject => ({$ref: '#/$defs/secret', description});

const cluster = map(
  'One Proxmox VE cluster.',
  {
    endpoints: list(
      map(
        'One way into the cluster.',
        {
          url: text('Address of a node, such as https://pve1:8006.', {
            pattern: '^https://[^\\s@/]+/?$',
          }),
          sha256: list(
            text('SHA-256 of the leaf certificate, with or without colons.', {
              pattern: '^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$',
            }),
            'Pins of the certificate; several, for renewals.',
            {minItems: 1, maxItems: 16},
          ),
          caFile: text('PEM file of the authorities that signed the certificate.'),
        },
        ['url'],
      ),
      'Nodes to talk to, in order of preference. Each needs pins or a caFile.',
      {minItems: 1, maxItems: 64},
    ),
    token: secret('API token as user@realm!id=value.'),
    concurrency: map('How much of the cluster may be used at once.', {
      readsPerNode: count('Concurrent reads on one node.', 3, 16),
      tasksPerNode: count('Concurrent tasks on one node.', 2, 64),
      clonesPerStorage: count('Concurrent clones on one storage.', 1, 64),
    }),
  },
  ['endpoints', 'token'],
);

const names = (what: string): JsonObject =>
  list(text(`A name, or * for all.`), `Which ${what} the source may use.`, {
    default: ['*'],
    maxItems: 1000,
  });

const scope = map(
  'What the source may touch; a list without entries allows nothing.',
  {
    vmids: list(
      {
        description: 'One VMID, or a range such as 150-299.',
        anyOf: [
          {type: 'integer', minimum: 100, maximum: 999_999_999},
          {type: 'string', pattern: '^[1-9][0-9]{2,8}(?:-[1-9][0-9]{2,8})?$'},
        ],
      },
      'VMIDs of the guests that the source may manage.',
      {maxItems: 1000},
    ),
    nodes: names('nodes'),
    storages: names('storages'),
    bridges: names('bridges'),
    pools: names('pools'),
    kinds: names('kinds of manifest'),
    devices: {
      type: 'boolean',
      default: false,
      description: 'Whether host devices (PCI, USB …) may be given to guests.',
    },
  },
  ['vmids'],
);

const secrets = (description: string, more: JsonObject): JsonObject =>
  map(description, {
    folder: text('Folder of secret files; nothing outside of it is read.', more),
    env: list(text('Name of a variable, or its beginning and *.'), 'Variables that may be read.', {
      maxItems: 1000,
    }),
  });

const source = map(
  'One source of manifests for one cluster.',
  {
    name: name('Part of each record: a source prunes only what it made.'),
    cluster: text('Name of a cluster above.'),
    url: text('Repository: https, http, ssh, user@host:path or file.'),
    folder: text('A folder to watch, instead of a repository.'),
    branch: text('Branch to follow.', {default: 'main'}),
    path: {type: 'string', maxLength: 4096, default: '', description: 'Folder in the repository.'},
    interval: duration('How often to look.', '60s'),
    timeout: duration('For one fetch, from its beginning to its end.', '2m'),
    engine: {
      enum: ['auto', 'builtin', 'program'],
      default: 'auto',
      description: 'In process, or the git program; auto: the program where it is needed.',
    },
    token: secret('Token or password for http and https.'),
    username: text('User name that goes with the token.', {default: 'git', pattern: '^[^:\\s]+$'}),
    caFile: text('PEM file of the authorities of the repository’s server.'),
    ssh: map(
      'For ssh repositories.',
      {
        knownHosts: text('Known hosts file; a host that is not in it is refused.'),
        identity: text('Private key; without it the agent and the user’s own keys.'),
      },
      ['knownHosts'],
    ),
    verify: map(
      'Follow signed commits only.',
      {allowedSigners: text('Allowed signers file, as ssh-keygen reads it.')},
      ['allowedSigners'],
    ),
    scope,
    secrets: secrets('What Secret manifests of this source may read, if not what all may.', {}),
  },
  ['name', 'cluster', 'scope'],
);

const mode = (by: string, description: string): JsonObject => ({
  enum: [...CLASS_MODES],
  default: by,
  description,
});
const drift = (by: string, description: string): JsonObject => ({
  enum: ['correct', 'report'],
  default: by,
  description,
});

const approval = map('Conditions of an approval.', {
  quorum: count('How many different principals must approve.', 1, 16),
  notAuthor: {
    type: 'boolean',
    default: false,
    description: 'Whether who wrote the change may not approve it.',
  },
  terminal: {
    type: 'boolean',
    default: true,
    description: 'Whether `pvegit apply --approve` counts.',
  },
});

const policy = map('What is allowed. The repository can only be stricter.', {
  benign: mode('automatic', 'Changes that can be undone and interrupt nothing.'),
  disruptive: mode('approval', 'Changes that interrupt a guest’s service.'),
  destructive: {
    description: 'Changes that lose data. Never automatic.',
    anyOf: [
      {enum: ['approval', 'observe']},
      map('Approval, with conditions.', {approval}, ['approval']),
    ],
    default: 'approval',
  },
  drift: map('What happens when somebody changes a guest by hand.', {
    benign: drift('correct', 'Drift that is benign to correct.'),
    disruptive: drift('report', 'Drift that is disruptive to correct.'),
  }),
  blastRadius: map('Destructive actions in one plan: the larger of the two.', {
    actions: {type: 'integer', minimum: 0, maximum: 1000, default: 5, description: 'A number.'},
    guestsPercent: {
      type: 'integer',
      minimum: 0,
      maximum: 100,
      default: 20,
      description: 'Of the managed guests.',
    },
  }),
  windows: list(
    map(
      'A time that recurs.',
      {
        kind: {enum: ['allow', 'deny'], default: 'allow', description: 'deny wins over allow.'},
        classes: list({enum: ['benign', 'disruptive', 'destructive']}, 'Classes it is about.', {
          default: ['benign', 'disruptive', 'destructive'],
          minItems: 1,
          uniqueItems: true,
        }),
        schedule: text('Cron expression of the opening: minute hour day month weekday.', {
          pattern: '^\\S+(?: +\\S+){4}$',
        }),
        timeZone: text('Such as Europe/Paris.', {default: 'UTC'}),
        duration: {type: 'string', pattern: DURATION, description: 'How long it stays open.'},
      },
      ['schedule', 'duration'],
    ),
    'When actions in mode `window` may start.',
    {default: [], maxItems: 100},
  ),
  quarantine: duration(
    'How long a volume that was set aside is kept before its removal is proposed.',
    '14d',
  ),
  expected: {
    type: 'object',
    description: 'How long tasks are expected to take until they were seen, by operation.',
    additionalProperties: {type: 'string', pattern: DURATION},
    propertyNames: {pattern: '^[a-z][a-z-]{0,31}$'},
    default: {clone: '30m', backup: '2h', cycle: '5m'},
  },
});

const evidence = map(
  'What is kept of guests that were interrupted or destroyed; always the newest of each guest.',
  {
    keep: duration('How long, before it is removed.', '90d'),
    maxMiB: {
      type: 'integer',
      minimum: 1,
      maximum: 1_048_576,
      default: 1024,
      description: 'For each cluster; beyond it the oldest goes first.',
    },
  },
);

/** JSON Schema 2020-12 of pvegit.yaml. */
export const CONFIG_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'pvegit configuration',
  ...map(
    'The controller’s configuration (pvegit.yaml).',
    {
      installation: name('Name of this installation, in every marker. Never change it.'),
      data: text('Folder of journal, mirrors and keys.', {default: '/var/lib/pvegit'}),
      listen: text('Address of metrics, API and page.', {
        default: '127.0.0.1:9469',
        pattern: '^(?:[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$',
      }),
      listenToken: secret('Bearer token that clients of the API must show.'),
      tls: map(
        'Serve https.',
        {cert: text('PEM file of the certificate chain.'), key: text('PEM file of its key.')},
        ['cert', 'key'],
      ),
      self: map(
        'The guest that pvegit runs in, which it never stops.',
        {
          cluster: text('Name of a cluster below.'),
          vmid: {type: 'integer', minimum: 100, maximum: 999_999_999, description: 'Its VMID.'},
        },
        ['cluster', 'vmid'],
      ),
      clusters: {
        type: 'object',
        description: 'Clusters by name.',
        propertyNames: {pattern: NAME},
        additionalProperties: cluster,
        minProperties: 1,
        maxProperties: 200,
      },
      sources: list(source, 'Sources of manifests.', {default: [], maxItems: 200}),
      secrets: secrets('What Secret manifests may read; without `env`, any variable not ours.', {
        default: 'secrets',
      }),
      policy,
      evidence,
    },
    ['installation', 'clusters'],
  ),
  $defs: {
    secret: {
      description: 'A secret is never written here: where to find it.',
      type: 'object',
      properties: {
        env: text('Name of an environment variable.', {pattern: '^[A-Za-z_][A-Za-z0-9_]*$'}),
        file: text('Path of a file; its last line feed is ignored.'),
      },
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
    },
  },
};
