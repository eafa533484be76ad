// Why this exists: a promise that nobody wrote down here cannot be missed, so the items of the
// design's page on safety are a fixed list; each must have at least one promise.

/** Numbered items, by section. */
const NUMBERED = {2: 11, 3: 12} as const;

/** Items that have no number there, by section. */
const NAMED = {
  4: [
    'policy',
    'classes',
    'fingerprint',
    'approval',
    'terminal',
    'signature',
    'git',
    'journal',
    'windows',
    'reasons',
  ],
  5: [
    'paths',
    'urls',
    'plan-code',
    'other-plan',
    'webhook',
    'secrets',
    'escapes',
    'yaml',
    'empty-identity',
    'stale-cache',
    'foreign-volume',
    'scope',
    'image-url',
    'playbook',
    'listener',
  ],
  6: ['marker', 'copies', 'others', 'witness', 'ours', 'no-record', 'marker-missing', 'adoption'],
  7: ['function', 'pending', 'drift', 'conflict', 'both', 'no-base', 'power'],
  8: [
    'find-first',
    'create',
    'config',
    'allocate',
    'resize',
    'power',
    'reboot',
    'destroy',
    'snapshot',
    'rollback',
    'migrate',
    'template',
    'vzdump',
    'leftovers',
  ],
  9: [
    'candidate',
    'not-while',
    'on-delete',
    'comes-back',
    'calls',
    'in-use',
    'retain-disks',
    'protection',
    'blast-radius',
  ],
} as const;

/** Every item, in the order of the page. */
export const ITEMS: readonly string[] = [
  ...Object.entries(NUMBERED).flatMap(([section, count]) =>
    Array.from({length: count}, (_, index) => `${section}.${index + 1}`),
  ),
  ...Object.entries(NAMED).flatMap(([section, names]) => names.map((name) => `${section}.${name}`)),
];
