// Why this exists: API tokens: the secret is shown once, privilege separation can be switched.
import {fail, paramError} from '../failure.ts';
import {randomUuid} from '../random.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, nothing, route} from '../route.ts';
import type {ApiToken} from '../state.ts';
import {recordEffect} from '../state.ts';
import {keptText, requireUser, tokenFacts} from './access-users.ts';

const base = '/access/users/{userid}/token';

/** Everything below `/access/users/{userid}/token`. */
export const tokenRoutes: readonly Route[] = [
  route('GET', base, listTokens),
  route('GET', `${base}/{tokenid}`, (context) => data(tokenFacts(requireToken(context)))),
  route('POST', `${base}/{tokenid}`, createToken),
  route('PUT', `${base}/{tokenid}`, updateToken),
  route('DELETE', `${base}/{tokenid}`, deleteToken),
];

function listTokens({cluster, path}: Context): Reply {
  const user = requireUser(cluster, path.userid ?? '');
  return data([...user.tokens].map(([tokenid, token]) => ({tokenid, ...tokenFacts(token)})));
}

function requireToken({cluster, path}: Context): ApiToken {
  const {userid = '', tokenid = ''} = path;
  const token = requireUser(cluster, userid).tokens.get(tokenid);
  return token ?? fail(500, `no such token '${tokenid}' for user '${userid}'`);
}

function createToken(context: Context): Reply {
  const {cluster, path, params} = context;
  const {userid = '', tokenid = ''} = path;
  const user = requireUser(cluster, userid);
  if (user.tokens.has(tokenid)) {
    paramError({tokenid: 'Token already exists.'});
  }
  const token: ApiToken = {
    secret: randomUuid(cluster.random),
    privsep: params.privsep !== '0',
    expireS: Number(params.expire ?? 0),
    comment: keptText(params.comment),
  };
  user.tokens.set(tokenid, token);
  recordEffect(cluster, 'access', undefined, `token ${userid}!${tokenid} created`);
  const info = {
    privsep: params.privsep ?? 1,
    ...(params.expire === undefined ? {} : {expire: params.expire}),
    ...(token.comment === undefined ? {} : {comment: token.comment}),
  };
  return data({'full-tokenid': `${userid}!${tokenid}`, value: token.secret, info});
}

function updateToken(context: Context): Reply {
  const {cluster, path, params} = context;
  const token = requireToken(context);
  if (params.privsep !== undefined) {
    token.privsep = flag(context, 'privsep');
  }
  if (params.expire !== undefined) {
    token.expireS = Number(params.expire);
  }
  changeComment(context, token);
  const {userid = '', tokenid = ''} = path;
  const value = flag(context, 'regenerate') ? randomUuid(cluster.random) : undefined;
  const renewed = value === undefined ? {} : {value, 'full-tokenid': `${userid}!${tokenid}`};
  token.secret = value ?? token.secret;
  recordEffect(cluster, 'access', undefined, `token ${userid}!${tokenid} updated`);
  // What was typed comes back as text, what was stored as a number.
  const {privsep, expire} = params;
  const typed = {
    ...(privsep === undefined ? {} : {privsep}),
    ...(expire === undefined ? {} : {expire}),
  };
  return data({...tokenFacts(token), ...typed, ...renewed});
}

/** 8.4 keeps a comment that is emptied; 9.1 drops it, and has `delete`. */
function changeComment(context: Context, token: ApiToken): void {
  const {comment} = context.params;
  const unknown = list(context, 'delete').find((key) => key !== 'comment');
  if (unknown !== undefined) {
    paramError({delete: `unknown option '${unknown}'`});
  }
  if (context.cluster.version === '8.4') {
    token.comment = comment === '' ? token.comment : (comment ?? token.comment);
    return;
  }
  const isGone = comment === '' || list(context, 'delete').includes('comment');
  token.comment = isGone ? undefined : (comment ?? token.comment);
}

function deleteToken(context: Context): Reply {
  const {cluster, path} = context;
  const {userid = '', tokenid = ''} = path;
  requireToken(context);
  requireUser(cluster, userid).tokens.delete(tokenid);
  const subject = `${userid}!${tokenid}`;
  cluster.access.acl = cluster.access.acl.filter((entry) => entry.subject !== subject);
  recordEffect(cluster, 'access', undefined, `token ${subject} deleted`);
  return nothing;
}
