// Why this exists: passwords can be changed; second factors can be listed, and there are none
// (PVE/API2/AccessControl.pm, TFA.pm, OpenId.pm).
import {userParts} from '../check.ts';
import {fail, forbid, paramError} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, nothing, route} from '../route.ts';
import {recordEffect} from '../state.ts';
import {requirePasswords, requireUser} from './access-users.ts';

/** Passwords, second factors, OpenID. */
export const passwordRoutes: readonly Route[] = [
  route('PUT', '/access/password', changePassword),
  route('GET', '/access/tfa', () => data([])),
  route('GET', '/access/tfa/{userid}', () => data([])),
  route('GET', '/access/tfa/{userid}/{id}', ({path}) =>
    fail(404, `No such tfa entry '${path.id}'`),
  ),
  route('GET', '/access/users/{userid}/tfa', showFactors),
  route('PUT', '/access/users/{userid}/unlock-tfa', () => data(0)),
  route('POST', '/access/tfa/{userid}', addFactor),
  route('PUT', '/access/tfa/{userid}/{id}', (context) => changeFactor(context)),
  route('DELETE', '/access/tfa/{userid}/{id}', (context) => changeFactor(context)),
  route('POST', '/access/openid/auth-url', refuseOpenId),
  route('POST', '/access/openid/login', () => fail(401, 'authentication failure')),
  route('GET', '/access/openid', () => data([{subdir: 'auth-url'}, {subdir: 'login'}])),
];

function changePassword(context: Context): Reply {
  const {cluster, params, auth} = context;
  const {userid, realm} = userParts(params.userid ?? '');
  const user = requireUser(cluster, userid);
  if (!auth.isRoot) {
    confirm(context, userid, 'confirmation-password');
    if (auth.user !== userid && realm === 'pam') {
      forbid();
    }
  }
  requirePasswords(cluster, userid);
  user.password = params.password;
  recordEffect(cluster, 'access', undefined, `password of ${userid} changed`);
  return nothing;
}

/** Only root need not give its own password, and only root changes root's. */
function confirm(
  {cluster, params, auth}: Context,
  userid: string,
  key: 'confirmation-password' | 'password',
): void {
  if (userid === 'root@pam') {
    forbid();
  }
  const given = params[key];
  if (given === undefined) {
    paramError({[key]: 'password is required to modify user'});
  }
  const own = requireUser(cluster, auth.user).password;
  if (own !== given) {
    const known = own === undefined ? 'no password set' : 'invalid credentials';
    fail(500, auth.user.endsWith('@pam') ? 'Authentication failure' : known);
  }
}

/** Asked for by any change of second factors: the user, and the caller's own password. */
function confirmForFactor(context: Context): void {
  const {userid} = userParts(context.path.userid ?? '');
  requireUser(context.cluster, userid);
  if (!context.auth.isRoot) {
    confirm(context, userid, 'password');
  }
}

/** What is wrong with a new factor is said; none is ever added here (proxmox-tfa). */
function addFactor(context: Context): Reply {
  confirmForFactor(context);
  const {type, description, totp, value, challenge} = context.params;
  const {realm} = userParts(context.path.userid ?? '');
  if (type === 'yubico') {
    fail(500, `no yubico otp configuration available for realm ${realm}`);
  }
  // The user is marked as having factors before the new one is looked at.
  requireUser(context.cluster, context.path.userid ?? '').fields.set('keys', 'x');
  if (type === 'recovery') {
    const isMore = totp !== undefined || value !== undefined || challenge !== undefined;
    fail(500, isMore ? 'generating recovery tokens does not allow additional parameters' : notHere);
  }
  if (type === 'totp' && challenge !== undefined) {
    fail(500, "'challenge' parameter is invalid for 'totp' entries");
  }
  if (type !== 'totp' && totp !== undefined) {
    fail(500, `'totp' parameter is invalid for '${type}' entries`);
  }
  if (description === undefined) {
    fail(500, "'description' is required for new entries");
  }
  if (type === 'totp' && (totp === undefined || value === undefined)) {
    fail(500, "'totp' type requires both 'totp' and 'value' parameters");
  }
  return fail(500, type === 'totp' ? 'failed to verify TOTP challenge' : notHere);
}

const notHere = 'second factors are not simulated';

function changeFactor(context: Context): never {
  confirmForFactor(context);
  return fail(500, 'no such entry');
}

function refuseOpenId({cluster, params}: Context): Reply {
  const {realm = ''} = params;
  const type = cluster.access.realms.get(realm)?.type;
  if (type === undefined) {
    fail(500, `authentication domain '${realm}' does not exist`);
  }
  const text = type === 'openid' ? 'OpenID provider cannot be reached' : wrongType(type);
  return fail(500, text);
}

function wrongType(type: string): string {
  return `wrong realm type (${type} != openid)`;
}

function showFactors(context: Context): Reply {
  const {cluster, path} = context;
  const {realm} = userParts(path.userid ?? '');
  if (!cluster.access.realms.has(realm)) {
    fail(500, `auth domain '${realm}' does not exist`);
  }
  return data(flag(context, 'multiple') ? {user: []} : {});
}
