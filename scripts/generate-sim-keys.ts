// Why this exists: the simulator's facts about QEMU configuration keys come from one place, the key
// table of the specification, and are carried into the project as data (descriptions stay there).
// Registered in generate.ts.
import {readFileSync} from 'node:fs';

type Fields = Readonly<Record<string, unknown>>;

const source = new URL('../../shared/proxmox/config-keys.json', import.meta.url);

/** Facts of a key or sub-key that the simulator uses; notes and descriptions are left out. */
const kept = [
  'type',
  'format',
  'default',
  'hotplug',
  'root_only',
  'privilege',
  'indexed',
  'since',
  'minimum',
  'maximum',
  'maxLength',
  'enum',
  'pattern',
  'alias',
  'keyAlias',
  'default_key',
  'required',
  'requires',
];

/** The text of `src/simulator/qemu/keys.generated.json`. */
export function renderSimulatorKeys(): string {
  const table = readFileSync(source, 'utf8');
  // Safe: the key table is the specification's own file; its shape is checked by use.
  const {qemu} = JSON.parse(table) as {readonly qemu: Readonly<Record<string, Fields>>};
  const lines = Object.keys(qemu)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(facts(qemu[name] ?? {}))}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function facts(fields: Fields): Fields {
  const result: Record<string, unknown> = {};
  for (const name of kept) {
    const value = fields[name];
    if (value !== undefined && value !== null && value !== false) result[name] = value;
  }
  if (typeof fields['properties'] === 'object' && fields['properties'] !== null) {
    const entries = Object.entries(fields['properties']);
    result['properties'] = Object.fromEntries(entries.map(([name, sub]) => [name, facts(sub)]));
  }
  return result;
}
