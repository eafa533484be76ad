// Why this exists: who calls: tokens, tickets and CSRF tokens as facts.md section 2, each failure
// with its own reason in the status line.
import {createHash} from 'node:crypto';
import type {Request} from './http.ts';
import type {Auth} from './route.ts';
import type {Cluster} from './state.ts';

/** The caller, or why there is none (a 401 with this reason). */
export type Authenticated =
  | {readonly kind: 'caller'; readonly auth: Auth}
  | {readonly kind: 'refused'; readonly reason: string};

const ticketLifetimeS = 2 * 3600;

/** Who sends this request. */
export function authenticate(cluster: Cluster, request: Request): Authenticated {
  const cookie = /(?:^|;\s*)PVEAuthCookie=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
  if (cookie !== undefined && cookie !== '') {
    return byTicket(cluster, request, decodeURIComponent(cookie));
  }
  const token = /^PVEAPIToken[= ](.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return token === undefined
    ? {kind: 'refused', reason: 'No ticket'}
    : byToken(cluster, decodeURIComponent(token));
}

/** A ticket that a user gets by logging in. */
export function makeTicket(cluster: Cluster, user: string): string {
  const time = hexSeconds(cluster);
  return `PVE:${user}:${time}::${signature(cluster, `${user}:${time}`)}`;
}

/** The token that writes with a ticket must carry. */
export function makeCsrfToken(cluster: Cluster, user: string): string {
  const time = hexSeconds(cluster);
  return `${time}:${signature(cluster, `csrf:${time}:${user}`)}`;
}

/** The user of a valid ticket. */
export function ticketUser(cluster: Cluster, ticket: string): string | undefined {
  const match = /^PVE:([^:]+):([0-9A-F]{8})::(.+)$/.exec(ticket);
  const [, user = '', time = '', signed] = match ?? [];
  const age = Math.floor(cluster.nowMs / 1000) - Number.parseInt(time, 16);
  const valid = signed === signature(cluster, `${user}:${time}`) && age < ticketLifetimeS;
  return valid && isEnabled(cluster, user) ? user : undefined;
}

/** Whether a user exists, is enabled and not expired. */
export function isEnabled(cluster: Cluster, user: string): boolean {
  const known = cluster.access.users.get(user);
  return known?.enabled === true && !isExpired(cluster, known.expireS);
}

function byTicket(cluster: Cluster, request: Request, ticket: string): Authenticated {
  const user = ticketUser(cluster, ticket);
  if (user === undefined) {
    return {kind: 'refused', reason: 'Authentication failed!'};
  }
  if (request.method !== 'GET' && !isCsrfValid(cluster, request, user)) {
    return {kind: 'refused', reason: 'Permission denied - invalid csrf token'};
  }
  return {
    kind: 'caller',
    auth: {user, tokenid: undefined, authid: user, isRoot: user === 'root@pam'},
  };
}

function byToken(cluster: Cluster, text: string): Authenticated {
  const match = /^([^!=\s]+)!([^=\s]+)[= ](\S+)$/.exec(text);
  const [, user = '', tokenid = '', secret = ''] = match ?? [];
  const token = cluster.access.users.get(user)?.tokens.get(tokenid);
  const valid =
    token?.secret === secret && isEnabled(cluster, user) && !isExpired(cluster, token.expireS);
  return valid
    ? {kind: 'caller', auth: {user, tokenid, authid: `${user}!${tokenid}`, isRoot: false}}
    : {kind: 'refused', reason: 'Authentication failed!'};
}

function isCsrfValid(cluster: Cluster, request: Request, user: string): boolean {
  const token = request.headers.csrfpreventiontoken ?? '';
  const time = token.slice(0, 8);
  return token.slice(9) === signature(cluster, `csrf:${time}:${user}`);
}

function isExpired(cluster: Cluster, expireS: number): boolean {
  return expireS !== 0 && expireS <= Math.floor(cluster.nowMs / 1000);
}

function hexSeconds(cluster: Cluster): string {
  return Math.floor(cluster.nowMs / 1000)
    .toString(16)
    .toUpperCase()
    .padStart(8, '0');
}

function signature(cluster: Cluster, text: string): string {
  return createHash('sha256').update(`${cluster.seed}:${text}`).digest('base64');
}
