// Why this exists: logging in, realms, effective permissions, and the list of all access endpoints.
import {isEnabled, makeCsrfToken, makeTicket, ticketUser} from '../authenticate.ts';
import {normalPath} from '../check.ts';
import {fail} from '../failure.ts';
import {effectivePrivileges, may, require403} from '../permission.ts';
import type {Auth, Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import type {Cluster} from '../state.ts';
import {aclRoutes} from './access-acl.ts';
import {groupRoutes} from './access-groups.ts';
import {passwordRoutes} from './access-passwords.ts';
import {realmRoutes} from './access-realms.ts';
import {roleRoutes} from './access-roles.ts';
import {tokenRoutes} from './access-tokens.ts';
import {userRoutes} from './access-users.ts';
import {memberNodes} from './resources.ts';

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
  route('GET', '/access/ticket', () => nothing),
  ...realmRoutes,
  ...passwordRoutes,
  route('GET', '/access/permissions', showPermissions),
  ...userRoutes,
  ...tokenRoutes,
  ...groupRoutes,
  ...roleRoutes,
  ...aclRoutes,
];

/** What the interface may offer, by the first part of a path; `dc` is the root. */
const sections: Readonly<Record<string, RegExp>> = {
  vms: /^(?:VM\.|Permissions\.Modify)/,
  storage: /^(?:Datastore\.|Permissions\.Modify)/,
  access: /^(?:(?:User|Group)\.|Permissions\.Modify)/,
  nodes: /^(?:Sys\.|Permissions\.Modify)/,
  sdn: /^(?:SDN\.|Permissions\.Modify)/,
  dc: /^(?:Sys\.Audit|Sys\.Modify|SDN\.)/,
  mapping: /^(?:Mapping\.|Permissions\.Modify)/,
};

function logIn(context: Context): Reply {
  const {cluster, params} = context;
  const user = userOf(params);
  const known = cluster.access.users.get(user);
  const byTicket = ticketUser(cluster, params.password ?? '');
  const byPassword = known?.password !== undefined && known.password === params.password;
  const isRootsTicket = byTicket === 'root@pam' && params.path === undefined;
  if (!isEnabled(cluster, user) || !(byPassword || byTicket === user || isRootsTicket)) {
    fail(401, 'authentication failure');
  }
  const auth = asUser(user);
  const name = memberNodes(cluster).length > 1 && may({cluster, auth}, '/', ['Sys.Audit']);
  const common = {
    username: user,
    cap: capabilities(cluster, auth),
    ...(name ? {clustername: 'cluster'} : {}),
  };
  if (params.path !== undefined) {
    requireRights(context, auth);
    return data(common);
  }
  const ticket = makeTicket(cluster, user);
  return data({...common, ticket, CSRFPreventionToken: makeCsrfToken(cluster, user)});
}

/** A login that only asks whether a user may do something. */
function requireRights(context: Context, auth: Auth): void {
  const {cluster, params} = context;
  const path = normalPath(params.path ?? '');
  const privileges = list(context, 'privs');
  const holds = path !== undefined && may({cluster, auth}, path, privileges);
  if (!holds || privileges.length === 0) {
    fail(401, 'authentication failure');
  }
}

function userOf(params: Readonly<Record<string, string>>): string {
  const name = params.username ?? '';
  return (params.realm ?? '') === '' ? name : `${name}@${params.realm}`;
}

function asUser(user: string): Auth {
  return {user, tokenid: undefined, authid: user, isRoot: user === 'root@pam'};
}

function capabilities(cluster: Cluster, auth: Auth): Record<string, Record<string, number>> {
  const result: Record<string, Record<string, number>> = Object.fromEntries(
    Object.keys(sections).map((name) => [name, {}]),
  );
  const asked = ['/', '/nodes', '/access/groups', '/vms', '/storage', '/sdn', '/mapping'];
  for (const path of new Set([...asked, ...aclPaths(cluster)])) {
    const top = /^\/(\w+)/.exec(path)?.[1] ?? 'dc';
    for (const privilege of effectivePrivileges(cluster, auth, path).keys()) {
      for (const name of top === 'pool' ? pooled(privilege) : [top]) {
        const into = result[name];
        if (into !== undefined && sections[name]?.test(privilege) === true) {
          into[privilege] = 1;
        }
      }
    }
  }
  return result;
}

/** What a right on a pool is good for. */
function pooled(privilege: string): readonly string[] {
  if (privilege === 'Permissions.Modify') {
    return ['storage', 'vms'];
  }
  return privilege.startsWith('VM.') ? ['vms'] : ['storage'];
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
  const isOwn = subject.authid === auth.authid || subject.user === auth.authid;
  if (!isOwn) {
    require403(context, '/access', ['Sys.Audit']);
  }
  const known = [...aclPaths(cluster), ...pooledPaths(cluster)];
  const asked = params.path === '' || params.path === '0' ? undefined : params.path;
  const paths = asked === undefined ? [...standardPaths, ...known] : [asked];
  const result: Record<string, Record<string, number>> = {};
  for (const path of paths) {
    // Nothing is granted on what is no path as the access control list writes it.
    const isPath = subject.isRoot || /^\/(?!\/)/.test(path);
    const held = isPath ? effectivePrivileges(cluster, subject, path) : new Map<string, boolean>();
    if (held.size > 0 || asked !== undefined) {
      result[path] = Object.fromEntries(
        [...held].map(([privilege, propagate]) => [privilege, propagate ? 1 : 0]),
      );
    }
  }
  return data(result);
}

/** The paths of the access control list and all above them: each is a node of one tree. */
function aclPaths(cluster: Cluster): readonly string[] {
  return cluster.access.acl.flatMap(({path}) => {
    const parts = path.split('/').filter((part) => part !== '');
    return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
  });
}

/** The paths of what is in a pool. */
function pooledPaths(cluster: Cluster): readonly string[] {
  return [...cluster.pools.values()].flatMap(({vms, storages}) => [
    ...[...vms].map((vmid) => `/vms/${vmid}`),
    ...[...storages].map((id) => `/storage/${id}`),
  ]);
}

function asAuth(authid: string): Auth {
  const [user = '', tokenid] = authid.split('!');
  return {user, tokenid, authid, isRoot: authid === 'root@pam'};
}
