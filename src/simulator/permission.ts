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
  const paths = [path, ...poolsOf(cluster, path).map((pool) => `/pool/${pool}`)];
  const grants = (token: string | undefined): boolean =>
    paths.some((one) => grantsOn(cluster, {user: auth.user, token, path: one}, privilege));
  const isSeparate = auth.tokenid !== undefined && isSeparated(cluster, auth);
  return grants(undefined) && (!isSeparate || grants(auth.authid));
}

function grantsOn(
  cluster: Cluster,
  who: {readonly user: string; readonly token: string | undefined; readonly path: string},
  privilege: string,
): boolean {
  if (who.token === undefined && who.user === 'root@pam') {
    return true;
  }
  for (const role of rolesOn(cluster, who.user, who.token, who.path).keys()) {
    if (rolePrivileges(cluster, role)?.has(privilege) === true) {
      return true;
    }
  }
  return false;
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
  const owner = withPools(cluster, auth.user, undefined, path);
  if (auth.tokenid === undefined || !isSeparated(cluster, auth)) {
    return owner;
  }
  const own = withPools(cluster, auth.user, auth.authid, path);
  return new Map([...own].filter(([privilege]) => owner.has(privilege)));
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

function withPools(
  cluster: Cluster,
  user: string,
  token: string | undefined,
  path: string,
): ReadonlyMap<string, boolean> {
  const direct = onPath(cluster, user, token, path);
  const pools = poolsOf(cluster, path);
  if (pools.length === 0) {
    return direct;
  }
  const union = new Map(direct);
  for (const pool of pools) {
    for (const [privilege, propagate] of onPath(cluster, user, token, `/pool/${pool}`)) {
      union.set(privilege, (union.get(privilege) ?? false) || propagate);
    }
  }
  return union;
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

/** Roles by name with their propagate flag, resolved level by level from `/` down. */
function onPath(
  cluster: Cluster,
  user: string,
  token: string | undefined,
  path: string,
): ReadonlyMap<string, boolean> {
  if (token === undefined && user === 'root@pam') {
    return new Map(allPrivileges(cluster.version).map((privilege) => [privilege, true]));
  }
  return privilegesOf(cluster, rolesOn(cluster, user, token, path));
}

/** The roles that win on a path: the deepest level that names any; NoAccess takes all away. */
function rolesOn(
  cluster: Cluster,
  user: string,
  token: string | undefined,
  path: string,
): ReadonlyMap<string, boolean> {
  let roles = new Map<string, boolean>();
  for (const level of levels(path)) {
    const isLast = level === path;
    const found = rolesAt(cluster, user, token, level, isLast);
    if (found.size > 0) {
      roles = found;
    }
  }
  return roles.has('NoAccess') ? new Map() : roles;
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
  user: string,
  token: string | undefined,
  level: string,
  isLast: boolean,
): Map<string, boolean> {
  const here = cluster.access.acl.filter(
    (entry) => entry.path === level && (isLast || entry.propagate),
  );
  const pick = (wanted: (entry: AclEntry) => boolean): Map<string, boolean> =>
    new Map(here.filter(wanted).map((entry) => [entry.role, entry.propagate]));
  if (token !== undefined) {
    return pick((entry) => entry.kind === 'token' && entry.subject === token);
  }
  const own = pick((entry) => entry.kind === 'user' && entry.subject === user);
  if (own.size > 0) {
    return own;
  }
  const groups = cluster.access.users.get(user)?.groups;
  return pick((entry) => entry.kind === 'group' && groups?.has(entry.subject) === true);
}

function levels(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}
