// Why this exists: a person who grants rights should have to think about what, not about how: these
// are the commands that grant exactly what is needed and nothing else.
import {sha256Hex} from '../../core/canonical.ts';
import type {Grant} from '../../core/kind.ts';
import {type Held, holds, type Needed} from './needed.ts';

/** Who is to be allowed. */
export interface Subject {
  /** `pvegit@pve` */
  readonly user: string;
  /** What the user has; null where it may not be asked. */
  readonly users: Held | null;
  /** `pvegit@pve!controller` */
  readonly token: string;
}

/**
 * Commands for a node's shell, to grant what is needed on each path where anything is missing.
 * An entry replaces for its subject what that inherits there, so each role holds all of its path,
 * and a user who has all of it already gets none.
 */
export function pveumLines(
  needed: readonly Needed[],
  held: Held,
  {user, users, token}: Subject,
): readonly string[] {
  const chosen = needed.map(({anyOf}) => choice(anyOf, held));
  const lacking = new Set(chosen.filter((grant) => !holds(held, grant)).map(({path}) => path));
  const byPath = new Map<string, Set<string>>();
  for (const {path, privilege} of chosen) {
    if (!lacking.has(path)) continue;
    byPath.set(path, (byPath.get(path) ?? new Set()).add(privilege));
  }
  const roles = rolesOf(byPath);
  const adds = [...roles].map(
    ([privileges, {name}]) => `pveum role add ${name} --privs "${privileges}"`,
  );
  const entries = [...roles.values()].flatMap(({name, paths}) =>
    paths.flatMap((path) => [
      ...(hasAll(users, path, byPath.get(path))
        ? []
        : [`pveum acl modify ${path} --users ${quoted(user)} --roles ${name} --propagate 0`]),
      `pveum acl modify ${path} --tokens ${quoted(token)} --roles ${name} --propagate 0`,
    ]),
  );
  return [...adds, ...entries];
}

function hasAll(held: Held | null, path: string, privileges: Iterable<string> = []): boolean {
  return held !== null && [...privileges].every((privilege) => holds(held, {path, privilege}));
}

/** Of several ways the one that is there already, else the first. */
function choice(anyOf: readonly Grant[], held: Held): Grant {
  const there = anyOf.find((grant) => holds(held, grant));
  const [first] = anyOf;
  return there ?? first ?? {path: '/', privilege: 'Sys.Audit'};
}

interface Role {
  readonly name: string;
  readonly paths: string[];
}

/** One role for each set of privileges, named by it: the same set is the same role, always. */
function rolesOf(byPath: ReadonlyMap<string, ReadonlySet<string>>): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>();
  for (const [path, privileges] of byPath) {
    const key = [...privileges].toSorted().join(' ');
    const known = roles.get(key);
    if (known !== undefined) {
      known.paths.push(path);
      continue;
    }
    const stem = STEMS[path.split('/')[1] ?? ''] ?? 'Other';
    roles.set(key, {name: `Pvegit${stem}-${sha256Hex(key).slice(0, 4)}`, paths: [path]});
  }
  return roles;
}

const STEMS: {readonly [first: string]: string} = {
  '': 'Cluster',
  vms: 'Guest',
  storage: 'Storage',
  nodes: 'Node',
  sdn: 'Network',
  pool: 'Pool',
  mapping: 'Mapping',
};

/** `!` means something to interactive shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
