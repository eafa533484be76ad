// Why this exists: users, as the conformance recordings of access show them.
import {fail, prefixed} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, nothing, route} from '../route.ts';
import type {ApiToken, Cluster, User} from '../state.ts';
import {recordEffect} from '../state.ts';

/** Everything below `/access/users` but the tokens. */
export const userRoutes: readonly Route[] = [
  route('GET', '/access/users', listUsers),
  route('POST', '/access/users', createUser),
  route('GET', '/access/users/{userid}', showUser),
  route('PUT', '/access/users/{userid}', updateUser),
  route('DELETE', '/access/users/{userid}', deleteUser),
];

const textFields = ['comment', 'email', 'firstname', 'lastname', 'keys'] as const;

/** The user of the path; 500 `no such user ('…')`. */
export function requireUser(cluster: Cluster, userid: string): User {
  return cluster.access.users.get(userid) ?? fail(500, `no such user ('${userid}')`);
}

/** A token as lists show it. */
export function tokenFacts(token: ApiToken): Record<string, unknown> {
  const comment = token.comment === undefined ? {} : {comment: token.comment};
  return {privsep: token.privsep ? 1 : 0, expire: token.expireS, ...comment};
}

function listUsers(context: Context): Reply {
  const {cluster, auth} = context;
  const all = may(context, '/access/groups', ['User.Modify', 'Sys.Audit'], true);
  const visible = [...cluster.access.users].filter(
    ([userid, user]) => all || userid === auth.authid || inAuditedGroup(context, user),
  );
  const wanted = visible.filter(
    ([, user]) => context.params.enabled === undefined || user.enabled === flag(context, 'enabled'),
  );
  const sorted = wanted.sort(([left], [right]) => (left < right ? -1 : 1));
  return data(sorted.map(([userid, user]) => listEntry(cluster, userid, user, context)));
}

function inAuditedGroup(context: Context, user: User): boolean {
  return [...user.groups].some((group) =>
    may(context, `/access/groups/${group}`, ['User.Modify', 'Sys.Audit'], true),
  );
}

function listEntry(
  cluster: Cluster,
  userid: string,
  user: User,
  context: Context,
): Record<string, unknown> {
  const realm = userid.split('@').at(-1) ?? '';
  const base = {userid, ...facts(user), 'realm-type': cluster.access.realms.get(realm)?.type};
  if (!flag(context, 'full')) {
    return base;
  }
  const tokens = [...user.tokens].map(([tokenid, token]) => ({tokenid, ...tokenFacts(token)}));
  return {
    ...base,
    groups: [...user.groups].sort().join(','),
    tokens: tokens.length === 0 ? null : tokens,
  };
}

function facts(user: User): Record<string, unknown> {
  const fields = Object.fromEntries(user.fields);
  // The line of a user is read up to its last part that is not empty.
  const email = fields.comment !== undefined || fields.keys !== undefined ? {email: ''} : {};
  return {enable: user.enabled ? 1 : 0, expire: user.expireS, ...email, ...fields};
}

function showUser({cluster, path}: Context): Reply {
  const user = requireUser(cluster, path.userid ?? '');
  const tokens = Object.fromEntries([...user.tokens].map(([id, one]) => [id, tokenFacts(one)]));
  return data({
    ...facts(user),
    groups: [...user.groups].sort(),
    tokens: user.tokens.size === 0 ? null : tokens,
  });
}

function createUser(context: Context): Reply {
  const {cluster, params} = context;
  const userid = params.userid ?? '';
  prefixed('create user failed', () => {
    if (cluster.access.users.has(userid)) {
      fail(500, `user '${userid}' already exists`);
    }
    if (params.password !== undefined) {
      requirePasswords(cluster, userid);
    }
    const user: User = {
      enabled: params.enable !== '0',
      expireS: Number(params.expire ?? 0),
      password: params.password,
      fields: new Map(),
      groups: new Set(knownGroups(context)),
      tokens: new Map(),
    };
    setFields(user, params);
    cluster.access.users.set(userid, user);
  });
  recordEffect(cluster, 'access', undefined, `user ${userid} created`);
  return nothing;
}

/** Refuse with 500 where the realm is none or keeps its passwords elsewhere. */
export function requirePasswords(cluster: Cluster, userid: string): void {
  const [name = '', realm = ''] = [userid.replace(/@[^@]*$/, ''), userid.split('@').at(-1)];
  const type = cluster.access.realms.get(realm)?.type;
  if (type === undefined) {
    fail(500, `auth domain '${realm}' does not exist`);
  }
  if (type !== 'pam' && type !== 'pve') {
    fail(500, `can't set password on auth type '${type}'`);
  }
  // Of the system's users root alone is sure to be there; usermod knows no other.
  if (
    type === 'pam' &&
    name !== 'root' &&
    cluster.access.users.get(userid)?.password === undefined
  ) {
    fail(500, `change password failed: user '${name}' does not exist`);
  }
}

function knownGroups(context: Context): readonly string[] {
  const groups = list(context, 'groups');
  const unknown = groups.find((group) => !context.cluster.access.groups.has(group));
  return unknown === undefined ? groups : fail(500, `no such group '${unknown}'`);
}

/** What a line of user.cfg keeps of a text: no blanks around it, nothing that Perl holds false. */
export function keptText(text: string | undefined): string | undefined {
  return text === undefined || text === '0' ? undefined : text.trim() || undefined;
}

function setFields(user: User, params: Readonly<Record<string, string>>): void {
  for (const field of textFields) {
    const value = params[field];
    if (value !== undefined) {
      user.fields.delete(field);
      const kept = keptText(value);
      if (kept !== undefined) {
        user.fields.set(field, kept);
      }
    }
  }
}

function updateUser(context: Context): Reply {
  const {cluster, params, path} = context;
  const userid = path.userid ?? '';
  prefixed('update user failed', () => {
    const user = requireUser(cluster, userid);
    const groups = knownGroups(context);
    setFields(user, params);
    if (params.enable !== undefined) {
      user.enabled = flag(context, 'enable');
    }
    if (params.expire !== undefined) {
      user.expireS = Number(params.expire);
    }
    if (params.groups !== undefined) {
      if (!flag(context, 'append')) {
        user.groups.clear();
      }
      for (const group of groups) {
        user.groups.add(group);
      }
    }
  });
  recordEffect(cluster, 'access', undefined, `user ${userid} updated`);
  return nothing;
}

function deleteUser({cluster, path}: Context): Reply {
  const userid = path.userid ?? '';
  const gone = cluster.access.users.get(userid);
  cluster.access.users.delete(userid);
  if (userid === 'root@pam' && gone !== undefined) {
    // The file need not name root: it is always there, with the system's password.
    const {password} = gone;
    const fresh = {fields: new Map(), groups: new Set<string>(), tokens: new Map()};
    cluster.access.users.set(userid, {enabled: true, expireS: 0, password, ...fresh});
  }
  cluster.access.acl = cluster.access.acl.filter(
    (entry) => entry.subject !== userid && !entry.subject.startsWith(`${userid}!`),
  );
  recordEffect(cluster, 'access', undefined, `user ${userid} deleted`);
  return nothing;
}
