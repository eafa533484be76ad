// Why this exists: the access control list: entries are set and deleted without complaint.
import {fail, paramError, prefixed} from '../failure.ts';
import {may, rolePrivileges} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, nothing, route} from '../route.ts';
import type {AclEntry} from '../state.ts';
import {recordEffect} from '../state.ts';

/** Everything below `/access/acl`. */
export const aclRoutes: readonly Route[] = [
  route('GET', '/access/acl', listAcl),
  route('PUT', '/access/acl', updateAcl),
];

const validPath = new RegExp(
  `^/(?:${[
    'access(?:/groups(?:/[^/]+)?|/realm(?:/[^/]+)?)?',
    'nodes(?:/[^/]+)?',
    'pool(?:/[^/]+){0,3}',
    'sdn(?:/(?:controllers|dns|ipams)(?:/[^/]+)?|/zones(?:/[^/]+){0,3}|/fabrics(?:/[^/]+)?)?',
    'storage(?:/[^/]+)?',
    'vms(?:/[1-9]\\d{2,})?',
    'mapping(?:/(?:dir|pci|usb|notifications|hwrng)(?:/[^/]+)?)?',
  ].join('|')})?$`,
);

function listAcl(context: Context): Reply {
  const {cluster} = context;
  const all = may(context, '/access', ['Sys.Audit', 'Permissions.Modify'], true);
  const visible = cluster.access.acl.filter(
    (entry) => all || may(context, entry.path, ['Permissions.Modify']),
  );
  return data(
    visible.map(({path, kind, subject, role, propagate}) => ({
      path,
      type: kind,
      ugid: subject,
      roleid: role,
      propagate: propagate ? 1 : 0,
    })),
  );
}

function updateAcl(context: Context): Reply {
  const {cluster, params} = context;
  const path = normalisePath(params.path ?? '');
  if (!validPath.test(path)) {
    paramError({path: `invalid ACL path '${params.path}'`});
  }
  prefixed('ACL update failed', () => {
    const entries = wantedEntries(context, path);
    for (const entry of entries) {
      cluster.access.acl = cluster.access.acl.filter((known) => !same(known, entry));
      if (!flag(context, 'delete')) {
        cluster.access.acl.push(entry);
      }
    }
  });
  recordEffect(cluster, 'acl', undefined, `${path} ${params.roles}`);
  return nothing;
}

function normalisePath(path: string): string {
  const trimmed = path.replaceAll(/\/+/g, '/').replace(/\/$/, '');
  return trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
}

function same(left: AclEntry, right: AclEntry): boolean {
  return (
    left.path === right.path &&
    left.kind === right.kind &&
    left.subject === right.subject &&
    left.role === right.role
  );
}

function wantedEntries(context: Context, path: string): readonly AclEntry[] {
  const {params} = context;
  const propagate = params.propagate !== '0';
  const roles = list(context, 'roles').map((role) => knownRole(context, role));
  const subjects = [
    ...list(context, 'groups').map((subject) => ({kind: 'group', subject}) as const),
    ...list(context, 'users').map((subject) => ({kind: 'user', subject}) as const),
    ...list(context, 'tokens').map((subject) => ({kind: 'token', subject}) as const),
  ];
  for (const {kind, subject} of subjects) {
    requireSubject(context, kind, subject);
  }
  return roles.flatMap((role) => subjects.map((one) => ({...one, path, role, propagate})));
}

function knownRole({cluster}: Context, role: string): string {
  return rolePrivileges(cluster, role) === undefined
    ? fail(500, `role '${role}' does not exist`)
    : role;
}

function requireSubject({cluster}: Context, kind: AclEntry['kind'], subject: string): void {
  const [user = '', token = ''] = subject.split('!');
  if (kind === 'group' && !cluster.access.groups.has(subject)) {
    fail(500, `group '${subject}' does not exist`);
  }
  if (kind === 'user' && !cluster.access.users.has(subject)) {
    fail(500, `user '${subject}' does not exist`);
  }
  if (kind === 'token' && cluster.access.users.get(user)?.tokens.has(token) !== true) {
    fail(500, `no such token '${token}' for user '${user}'`);
  }
}
