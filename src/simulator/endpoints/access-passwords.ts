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
  route('GET', '/access/openid', () => data([{subdir: 'auth-url'}, {subdir: 'login'}])),
];

function changePassword(context: Context): Reply {
  const {cluster, params, auth} = context;
  const {userid, realm} = userParts(params.userid ?? '');
  const user = requireUser(cluster, userid);
  if (!auth.isRoot) {
    confirm(context, userid);
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
function confirm({cluster, params, auth}: Context, userid: string): void {
  if (userid === 'root@pam') {
    forbid();
  }
  const given = params['confirmation-password'];
  if (given === undefined) {
    paramError({'confirmation-password': 'password is required to modify user'});
  }
  const own = requireUser(cluster, auth.user).password;
  if (own !== given) {
    const known = own === undefined ? 'no password set' : 'invalid credentials';
    fail(500, auth.user.endsWith('@pam') ? 'Authentication failure' : known);
  }
}

function showFactors(context: Context): Reply {
  const {cluster, path} = context;
  const {realm} = userParts(path.userid ?? '');
  if (!cluster.access.realms.has(realm)) {
    fail(500, `auth domain '${realm}' does not exist`);
  }
  return data(flag(context, 'multiple') ? {user: []} : {});
}
