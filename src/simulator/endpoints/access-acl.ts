// Why this exists: the access control list: entries are set and deleted without complaint.
import {mayModify, normalPath} from '../check.ts';
import {fail, paramError, prefixed} from '../failure.ts';
import {effectivePrivileges, may, rolePrivileges} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, nothing, route} from '../route.ts';
import type {AclEntry, Version} from '../state.ts';
import {recordEffect} from '../state.ts';

/** Everything below `/access/acl`. */
export const aclRoutes: readonly Route[] = [
  route('GET', '/access/acl', listAcl),
  route('PUT', '/access/acl', updateAcl),
];

const word = '[A-Za-z0-9.\\-_]+';
const sdnParts = {'8.4': 'dns|ipams', '9.1': 'dns|ipams|fabrics|prefix-lists|route-maps'};

/** Which paths there can be (PVE::AccessControl::check_path). */
function isValidPath(version: Version, path: string): boolean {
  return patterns[version].test(path);
}

const patterns = {'8.4': pathPattern('8.4'), '9.1': pathPattern('9.1')};

function pathPattern(version: Version): RegExp {
  return new RegExp(
    `^/(?:${[
      `access(?:/(?:groups|realm)(?:/${word})?)?`,
      `nodes(?:/${word})?`,
      `pool(?:/${word}(?:/${word}){0,2})?`,
      'sdn(?:/controllers(?:/[A-Za-z0-9_-]+)?)?',
      `sdn/(?:${sdnParts[version]})(?:/[A-Za-z0-9]+)?`,
      `sdn/zones(?:/${word}(?:/${word}(?:/[1-9][0-9]{0,3})?)?)?`,
      `storage(?:/${word})?`,
      'vms(?:/[1-9][0-9]{2,})?',
      `mapping(?:/${word}(?:/${word})?)?`,
    ].join('|')})?$`,
  );
}

function listAcl(context: Context): Reply {
  const {cluster} = context;
  const all = may(context, '/access', ['Sys.Audit']);
  const visible = cluster.access.acl.filter((entry) => all || mayModify(context, entry.path));
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
  const kinds = ['users', 'groups', 'tokens'] as const;
  if (kinds.every((kind) => (params[kind] ?? '') === '')) {
    const text = "either 'users', 'groups' or 'tokens' is required.";
    paramError(Object.fromEntries(kinds.map((kind) => [kind, text])));
  }
  const path = normalPath(params.path ?? '');
  if (path === undefined || !(flag(context, 'delete') || isValidPath(cluster.version, path))) {
    paramError({path: `invalid ACL path '${params.path}'`});
  }
  prefixed('ACL update failed', () => {
    const entries = wantedEntries(context, path);
    for (const entry of entries) {
      cluster.access.acl = cluster.access.acl.filter((known) => !same(known, entry));
      // The file never names root@pam, who may do everything.
      if (!flag(context, 'delete') && entry.subject !== 'root@pam') {
        cluster.access.acl.push(entry);
      }
    }
  });
  recordEffect(cluster, 'acl', undefined, `${path} ${params.roles}`);
  return nothing;
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
  for (const role of roles) {
    requireGrantable(context, path, role);
  }
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

/** Who may modify only as an object's owner hands out no more than it has itself. */
function requireGrantable(context: Context, path: string, role: string): void {
  const held = effectivePrivileges(context.cluster, context.auth, path);
  if (held.has('Permissions.Modify')) {
    return;
  }
  const isDelete = flag(context, 'delete');
  const start = `Cannot ${isDelete ? 'remove' : 'add'} role '${role}'`;
  for (const privilege of rolePrivileges(context.cluster, role) ?? []) {
    const propagate = held.get(privilege);
    if (propagate === undefined) {
      const text = `${start} - requires 'Permissions.Modify' or superset of privileges.`;
      paramError({role: text});
    }
    if (context.params.propagate !== '0' && !propagate && !isDelete) {
      const what = "requires 'Permissions.Modify' or propagated superset of privileges.";
      paramError({role: `${start} with propagation - ${what}`});
    }
  }
  if (role === 'NoAccess') {
    paramError({role: `${start} - requires 'Permissions.Modify'`});
  }
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
