// Why this exists: logging in, realms, effective permissions, and the list of all access endpoints.
import {isEnabled, makeCsrfToken, makeTicket, ticketUser} from '../authenticate.ts';
import {fail} from '../failure.ts';
import {effectivePrivileges, require403} from '../permission.ts';
import type {Auth, Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import type {Cluster} from '../state.ts';
import {aclRoutes} from './access-acl.ts';
import {groupRoutes} from './access-groups.ts';
import {roleRoutes} from './access-roles.ts';
import {tokenRoutes} from './access-tokens.ts';
import {userRoutes} from './access-users.ts';

/** Everything below `/access`. */
export const accessRoutes: readonly Route[] = [
  route('GET', '/access', () =>
    data(
      ['users', 'groups', 'roles', 'acl', 'domains', 'openid', 'tfa', 'ticket', 'password'].map(
        (subdir) => ({subdir}),
      ),
    ),
  ),
  route('POST', '/access/ticket', logIn),
  route('GET', '/access/domains', listRealms),
  route('GET', '/access/permissions', showPermissions),
  ...userRoutes,
  ...tokenRoutes,
  ...groupRoutes,
  ...roleRoutes,
  ...aclRoutes,
];

const sections: Readonly<Record<string, {root: string; privileges: RegExp}>> = {
  vms: {root: '/vms', privileges: /^VM\.|^Permissions\.Modify$/},
  storage: {root: '/storage', privileges: /^Datastore\.|^Permissions\.Modify$/},
  access: {root: '/access', privileges: /^(User|Group)\.|^Permissions\.Modify$/},
  nodes: {root: '/nodes', privileges: /^Sys\.|^Permissions\.Modify$/},
  sdn: {root: '/sdn', privileges: /^SDN\.|^Permissions\.Modify$/},
  dc: {root: '/', privileges: /^Sys\.(Audit|Modify)$|^SDN\./},
  mapping: {root: '/mapping', privileges: /^Mapping\.|^Permissions\.Modify$/},
};

function logIn({cluster, params}: Context): Reply {
  const user = userOf(params);
  const password = params.password ?? '';
  const known = cluster.access.users.get(user);
  const byPassword = known?.password !== undefined && known.password === password;
  const byTicket = ticketUser(cluster, password) === user;
  if (!isEnabled(cluster, user) || !(byPassword || byTicket)) {
    fail(401, 'authentication failure');
  }
  return data({
    username: user,
    ticket: makeTicket(cluster, user),
    CSRFPreventionToken: makeCsrfToken(cluster, user),
    cap: capabilities(cluster, asUser(user)),
  });
}

function userOf(params: Readonly<Record<string, string>>): string {
  const name = params.username ?? '';
  return name.includes('@') || params.realm === undefined ? name : `${name}@${params.realm}`;
}

function asUser(user: string): Auth {
  return {user, tokenid: undefined, authid: user, isRoot: user === 'root@pam'};
}

function capabilities(cluster: Cluster, auth: Auth): Record<string, Record<string, number>> {
  const entries = Object.entries(sections).map(([name, {root, privileges}]) => {
    const below = cluster.access.acl.map((entry) => entry.path).filter((path) => under(path, root));
    const held = [root, ...below].flatMap((path) => [
      ...effectivePrivileges(cluster, auth, path).keys(),
    ]);
    const mine = held.filter((privilege) => privileges.test(privilege));
    return [name, Object.fromEntries(mine.map((privilege) => [privilege, 1]))];
  });
  return Object.fromEntries(entries);
}

function under(path: string, root: string): boolean {
  return root !== '/' && path.startsWith(`${root}/`);
}

function listRealms({cluster}: Context): Reply {
  const realms = [...cluster.access.realms].map(([realm, {type, comment}]) => ({
    realm,
    type,
    comment,
  }));
  return data(realms);
}

const standardPaths = [
  '/',
  '/access',
  '/access/groups',
  '/nodes',
  '/pool',
  '/sdn',
  '/storage',
  '/vms',
];

function showPermissions(context: Context): Reply {
  const {cluster, auth, params} = context;
  const subject = params.userid === undefined ? auth : asAuth(params.userid);
  if (subject.authid !== auth.authid) {
    require403(context, '/access', ['Sys.Audit']);
  }
  const known = cluster.access.acl.map((entry) => entry.path);
  const paths = params.path === undefined ? [...standardPaths, ...known] : [params.path];
  const result: Record<string, Record<string, number>> = {};
  for (const path of paths) {
    const held = effectivePrivileges(cluster, subject, path);
    if (held.size > 0 || params.path !== undefined) {
      result[path] = Object.fromEntries(
        [...held].map(([privilege, propagate]) => [privilege, propagate ? 1 : 0]),
      );
    }
  }
  return data(result);
}

function asAuth(authid: string): Auth {
  const [user = '', tokenid] = authid.split('!');
  return {user, tokenid, authid, isRoot: authid === 'root@pam'};
}
