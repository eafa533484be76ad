// Why this exists: who calls: tokens, tickets and CSRF tokens as facts.md section 2, each failure
// with its own reason in the status line.
import {createHash} from 'node:crypto';
import type {Request} from './http.ts';
import type {Auth} from './route.ts';
import type {Cluster} from './state.ts';

/** The caller, or why there is none (a 401 with this reason). */
export type Authenticated =
  | {
      readonly kind: 'caller';
      readonly auth: Auth;
      /** Whether the call may write: a ticket alone is not enough. */
      readonly hasCsrfToken: boolean;
    }
  | {readonly kind: 'refused'; readonly reason: string};

const ticketLifetimeS = 2 * 3600;
/** Clocks of two nodes may differ by this much. */
const graceS = 300;

/** Who sends this request. */
export function authenticate(cluster: Cluster, request: Request): Authenticated {
  const {cookie = '', authorization = ''} = request.headers;
  const ticket = authValue(cookie, 'PVEAuthCookie') ?? authValue(authorization, 'PVEAuthCookie');
  if (ticket !== undefined) {
    return byTicket(cluster, request, ticket);
  }
  const token = authValue(authorization, 'PVEAPIToken');
  return token === undefined ? {kind: 'refused', reason: 'No ticket'} : byToken(cluster, token);
}

/** Whether a call carries an API token, valid or not, and no ticket. */
export function sendsToken(request: Request): boolean {
  const {cookie = '', authorization = ''} = request.headers;
  const ticket = authValue(cookie, 'PVEAuthCookie') ?? authValue(authorization, 'PVEAuthCookie');
  return ticket === undefined && authValue(authorization, 'PVEAPIToken') !== undefined;
}

/** What follows `key=` or `key ` up to a semicolon, percent-decoded; nothing counts as absent. */
function authValue(header: string, key: string): string | undefined {
  const value = new RegExp(`(?:^|\\s)${key}(?:=| )([^;]*)`).exec(header)?.[1] ?? '';
  return value === '' || value === '0' ? undefined : unescaped(value);
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
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
  const valid = signed === signature(cluster, `${user}:${time}`) && isFresh(cluster, time);
  return valid && isEnabled(cluster, user) ? user : undefined;
}

function isFresh(cluster: Cluster, hexTime: string): boolean {
  const age = Math.floor(cluster.nowMs / 1000) - Number.parseInt(hexTime, 16);
  return age > -graceS && age < ticketLifetimeS;
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
  return {
    kind: 'caller',
    auth: {user, tokenid: undefined, authid: user, isRoot: user === 'root@pam'},
    hasCsrfToken: request.method === 'GET' || isCsrfValid(cluster, request, user),
  };
}

function byToken(cluster: Cluster, text: string): Authenticated {
  const match = /^(.*)=(.*)$/.exec(text);
  const named = /^([^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+)!([A-Za-z][A-Za-z0-9.\-_]*)$/.exec(
    match?.[1] ?? '',
  );
  const [, user = '', tokenid = ''] = named ?? [];
  const token = cluster.access.users.get(user)?.tokens.get(tokenid);
  const valid =
    token !== undefined &&
    token.secret === match?.[2] &&
    isEnabled(cluster, user) &&
    !isExpired(cluster, token.expireS);
  return valid
    ? {
        kind: 'caller',
        auth: {user, tokenid, authid: `${user}!${tokenid}`, isRoot: false},
        hasCsrfToken: true,
      }
    : {kind: 'refused', reason: 'Authentication failed!'};
}

function isCsrfValid(cluster: Cluster, request: Request, user: string): boolean {
  const token = request.headers.csrfpreventiontoken ?? '';
  const time = token.slice(0, 8);
  const isSigned = token.slice(9) === signature(cluster, `csrf:${time}:${user}`);
  return isSigned && isFresh(cluster, time);
}

function isExpired(cluster: Cluster, expireS: number): boolean {
  return expireS !== 0 && expireS < Math.floor(cluster.nowMs / 1000);
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
