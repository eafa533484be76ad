// Why this exists: which privileges a user or token has on a path: inheritance, pools, groups and
// privilege separation as facts.md section 14; everything that checks asks here.
import {forbid} from './failure.ts';
import {allPrivileges, builtInRoles} from './privileges.ts';
import type {Auth} from './route.ts';
import type {AclEntry, Cluster} from './state.ts';

/** What a privilege check needs of a request. */
export interface Caller {
  readonly cluster: Cluster;
  readonly auth: Auth;
}

/** Require all of `privileges` on `path`, or with `any` one of them; else 403 with the text. */
export function require403(
  caller: Caller,
  path: string,
  privileges: readonly string[],
  any = false,
): void {
  if (!may(caller, path, privileges, any)) {
    forbid(`${path}, ${missing(caller, path, privileges, any)}`);
  }
}

/** Whether the caller has all (or with `any` one) of the privileges on the path. */
export function may(
  caller: Caller,
  path: string,
  privileges: readonly string[],
  any = false,
): boolean {
  const held = (privilege: string): boolean => holds(caller, path, privilege);
  return any ? privileges.some(held) : privileges.every(held);
}

/** One privilege, without building the whole map: lists ask this for every guest. */
function holds({cluster, auth}: Caller, path: string, privilege: string): boolean {
  if (auth.isRoot) {
    return true;
  }
  const pools = poolsOf(cluster, path);
  const grants = (who: string): boolean => {
    for (const role of rolesFor(cluster, who, path, pools).keys()) {
      if (rolePrivileges(cluster, role)?.has(privilege) === true) {
        return true;
      }
    }
    return false;
  };
  const owner = auth.user === 'root@pam' || grants(auth.user);
  const isSeparate = auth.tokenid !== undefined && isSeparated(cluster, auth);
  return owner && (!isSeparate || grants(auth.authid));
}

/** The privileges with their `propagate` flag that `auth` has on `path`. */
export function effectivePrivileges(
  cluster: Cluster,
  auth: Auth,
  path: string,
): ReadonlyMap<string, boolean> {
  if (auth.isRoot) {
    return new Map(allPrivileges(cluster.version).map((privilege) => [privilege, true]));
  }
  const owner =
    auth.user === 'root@pam'
      ? new Map(allPrivileges(cluster.version).map((privilege) => [privilege, true] as const))
      : privilegesFor(cluster, auth.user, path);
  if (auth.tokenid === undefined || !isSeparated(cluster, auth)) {
    return owner;
  }
  const own = [...privilegesFor(cluster, auth.authid, path)];
  const isOwnersAlone = auth.user === 'root@pam';
  return new Map(
    own
      .filter(([privilege]) => owner.has(privilege))
      .map(([privilege, propagate]) => [
        privilege,
        propagate && (isOwnersAlone || owner.get(privilege) === true),
      ]),
  );
}

/** Whether a token has its own privileges (privsep) instead of its owner's. */
function isSeparated(cluster: Cluster, auth: Auth): boolean {
  const token = cluster.access.users.get(auth.user)?.tokens.get(auth.tokenid ?? '');
  return token?.privsep ?? true;
}

function missing(
  caller: Caller,
  path: string,
  privileges: readonly string[],
  any: boolean,
): string {
  if (any) {
    return privileges.join('|');
  }
  return privileges.find((one) => !may(caller, path, [one])) ?? privileges.join(', ');
}

function privilegesFor(cluster: Cluster, who: string, path: string): ReadonlyMap<string, boolean> {
  return privilegesOf(cluster, rolesFor(cluster, who, path, poolsOf(cluster, path)));
}

/**
 * The roles of a user or token on a path, those of its pools included: a pool's never trump
 * NoAccess, a pool's NoAccess trumps all, and a pool's do not propagate (PVE::RPCEnvironment,
 * compile_acl_path).
 */
function rolesFor(
  cluster: Cluster,
  who: string,
  path: string,
  pools: readonly string[],
): ReadonlyMap<string, boolean> {
  const direct = rolesOn(cluster, who, path);
  if (pools.length === 0 || direct.has('NoAccess')) {
    return direct;
  }
  const inherited = pools.flatMap((pool) => [...rolesOn(cluster, who, `/pool/${pool}`).keys()]);
  if (inherited.includes('NoAccess')) {
    return new Map([['NoAccess', false]]);
  }
  return new Map([...inherited.map((role) => [role, false] as const), ...direct]);
}

function poolsOf(cluster: Cluster, path: string): readonly string[] {
  const guest = /^\/vms\/(\d+)$/.exec(path)?.[1];
  const storage = /^\/storage\/([^/]+)$/.exec(path)?.[1];
  return [...cluster.pools]
    .filter(
      ([, pool]) =>
        (guest !== undefined && pool.vms.has(Number(guest))) ||
        (storage !== undefined && pool.storages.has(storage)),
    )
    .map(([id]) => id);
}

/** The roles that win on a path: the deepest level that names any; NoAccess takes all away. */
function rolesOn(cluster: Cluster, who: string, path: string): ReadonlyMap<string, boolean> {
  let roles: ReadonlyMap<string, boolean> = new Map();
  for (const level of levels(path)) {
    const found = rolesAt(cluster, who, level, level === path);
    if (found.size > 0) {
      roles = found;
    }
  }
  const barred = roles.get('NoAccess');
  return barred === undefined ? roles : new Map([['NoAccess', barred]]);
}

/** The privileges of a role, built-in or own; undefined when there is none of that name. */
export function rolePrivileges(cluster: Cluster, role: string): ReadonlySet<string> | undefined {
  return cluster.access.roles.get(role) ?? builtInRoles(cluster.version).get(role);
}

function privilegesOf(
  cluster: Cluster,
  roles: ReadonlyMap<string, boolean>,
): ReadonlyMap<string, boolean> {
  const result = new Map<string, boolean>();
  for (const [role, propagate] of roles) {
    for (const privilege of rolePrivileges(cluster, role) ?? []) {
      result.set(privilege, (result.get(privilege) ?? false) || propagate);
    }
  }
  return result;
}

function rolesAt(
  cluster: Cluster,
  who: string,
  level: string,
  isLast: boolean,
): ReadonlyMap<string, boolean> {
  const here = cluster.access.acl.filter(
    (entry) => entry.path === level && (isLast || entry.propagate),
  );
  const pick = (wanted: (entry: AclEntry) => boolean): Map<string, boolean> =>
    new Map(here.filter(wanted).map((entry) => [entry.role, entry.propagate]));
  if (here.length === 0) {
    return new Map();
  }
  const own = pick((entry) => entry.kind !== 'group' && entry.subject === who);
  if (own.size > 0) {
    return own;
  }
  const groups = cluster.access.users.get(who)?.groups;
  return pick((entry) => entry.kind === 'group' && groups?.has(entry.subject) === true);
}

function levels(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}
