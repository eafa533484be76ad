// Why this exists: the room table of ARCHITECTURE.md as data. A room imports only what its row
// names, so that what decides can never touch the world. Type imports count.
import {type Import, importsOf} from './shape.ts';
import {
  isShipped,
  perFile,
  type Rule,
  resolveImport,
  type SourceFile,
  scanOf,
  type Violation,
} from './source-file.ts';

/** What one room may import: rooms or single files, packages, and which `node:` modules. */
export type Room = {
  readonly pure: boolean;
  readonly imports: readonly string[];
  readonly packages: readonly string[];
  readonly node: readonly string[];
};

const NETWORK = ['node:http', 'node:https', 'node:http2', 'node:net', 'node:tls', 'node:dgram'];
const PROCESSES = ['node:child_process', 'node:cluster'];
/** `node:*` without what belongs to one room: processes, the network, the store’s driver. */
const ORDINARY = ['*', ...[...NETWORK, ...PROCESSES, 'node:sqlite'].map((name) => `!${name}`)];
const SERVES = allow(...NETWORK);

function allow(...names: readonly string[]): readonly string[] {
  return ORDINARY.filter((entry) => !names.includes(entry.slice(1)));
}

function pure(imports: readonly string[], packages: readonly string[] = []): Room {
  return {pure: true, imports, packages, node: []};
}

function shell(
  imports: readonly string[],
  packages: readonly string[] = [],
  node: readonly string[] = ORDINARY,
): Room {
  return {pure: false, imports, packages, node};
}

const BELOW_RECONCILE = [
  'core',
  'manifest',
  'plan',
  'gate',
  'pve',
  'source',
  'secrets',
  'programs',
  'journal',
  'apply',
  'status',
];

/** The rooms. `kinds` stands for each kind's folder; `kinds/guest` is the library they share. */
export const ROOMS: Readonly<Record<string, Room>> = {
  // @noble/hashes: SHA-256 in pure code (docs/decisions/0007).
  core: pure([], ['croner', '@noble/hashes']),
  kinds: pure(['core', 'kinds/guest']),
  manifest: pure(['core'], ['yaml', 'ajv', 'ajv-formats']),
  plan: pure(['core']),
  gate: pure(['core']),
  pve: shell(['core'], ['undici'], SERVES),
  // undici: isomorphic-git's own HTTP plugin knows no time-out.
  source: shell(['core', 'programs'], ['isomorphic-git', 'chokidar', 'undici']),
  secrets: shell(['core', 'programs'], ['age-encryption']),
  programs: shell(['core'], ['execa'], allow('node:child_process')),
  journal: shell(['core'], [], allow('node:sqlite')),
  apply: shell(['core', 'pve', 'programs', 'secrets', 'journal']),
  status: shell(['core', 'journal'], ['prom-client', 'pino', 'fastify', '@fastify/*'], SERVES),
  reconcile: shell(BELOW_RECONCILE),
  simulator: shell(['core', 'pve/wire.ts'], [], SERVES),
  config: shell(['core'], ['ajv', 'yaml', 'ajv-formats']),
  cli: shell(['*'], ['commander', '@bomb.sh/tab']),
};

/** The rule that holds every shipped file to its room's row. */
export const roomRule: Rule = perFile(
  'rooms',
  'what decides must not reach what acts; each room imports only what its row names',
  isShipped,
  (file) => {
    const room = ROOMS[roomOf(file.path) ?? ''];
    if (room === undefined) {
      return [{path: file.path, line: 1, what: 'lies in no room of the table'}];
    }
    return importsOf(scanOf(file).tokens).flatMap((used) => judge(file, room, used));
  },
);

/** The room that a path lies in: the first folder below `src/`. */
export function roomOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

function judge(file: SourceFile, room: Room, used: Import): readonly Violation[] {
  const target = resolveImport(file.path, used.specifier);
  const reason =
    target === null ? outsideReason(room, used.specifier) : insideReason(file.path, room, target);
  return reason === null ? [] : [{path: file.path, line: used.line, what: reason}];
}

function outsideReason(room: Room, specifier: string): string | null {
  if (specifier.startsWith('node:')) {
    const named = room.node.includes('*') && !room.node.includes(`!${specifier}`);
    return named ? null : `imports ${specifier}, which its room may not`;
  }
  const name = packageOf(specifier);
  const allowed = room.packages.some((pattern) =>
    pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name,
  );
  return allowed ? null : `imports the package ${name}, which its room may not`;
}

function insideReason(path: string, room: Room, target: string): string | null {
  const unit = unitOf(path);
  if (unitOf(target) === unit || room.imports.includes('*')) return null;
  if (path === 'src/kinds/index.ts' && target.startsWith('src/kinds/')) return null;
  const allowed = room.imports.some((name) => {
    const place = `src/${name}`;
    return target === place || target.startsWith(`${place}/`);
  });
  return allowed ? null : `imports ${target}, which its room may not`;
}

/** What may import itself freely: a room, or one kind's folder. */
function unitOf(path: string): string {
  const kind = /^src\/kinds\/[^/]+\//.exec(path)?.[0];
  return kind ?? `src/${roomOf(path) ?? ''}/`;
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}
