// Why this exists: the schema's permission rules (`['perm', '/vms/{vmid}', …]`) are evaluated
// before parameters are validated, with the texts of the real 403s (PVE::RPCEnvironment,
// exec_api2_perm_check).
import {fail, forbid} from './failure.ts';
import type {Caller} from './permission.ts';
import {may, require403} from './permission.ts';
import {splitList} from './route.ts';
import type {Check} from './schema/api.ts';
import {userProblem} from './schema/rest-formats.ts';

/** Parameters as the rules see them: unvalidated text. */
export type CheckParams = Readonly<Record<string, string>>;

/** Refuse with 403 (500 for an unknown or unreadable user) unless the rule holds. */
export function enforce(caller: Caller, check: Check, params: CheckParams): void {
  holds(caller, check, params, false);
}

/** An ACL path in its normal form; undefined when it has characters that no path has. */
export function normalPath(path: string): string | undefined {
  if (path === '' || path === '0') {
    return undefined;
  }
  const trimmed = path.replaceAll(/\/+/g, '/').replace(/\/$/, '');
  const rooted = trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
  return /^[A-Za-z0-9.\-_/]+$/.test(rooted) ? rooted : undefined;
}

/** Whether the caller may hand out rights on a path: the owner of an object may, too. */
export function mayModify(caller: Caller, path: string): boolean {
  return may(caller, path, modifiers(path), true);
}

/** Refuse with 403 unless `mayModify`. */
export function requireModify(caller: Caller, path: string): void {
  require403(caller, path, modifiers(path), true);
}

/** `user@realm` taken apart, or 500 with the text of what is wrong with it. */
export function userParts(text: string): {readonly userid: string; readonly realm: string} {
  const problem = userProblem(text);
  if (problem !== undefined) {
    fail(500, problem);
  }
  return {userid: text, realm: text.split('@').at(-1) ?? ''};
}

/** With `silent` a rule that does not hold is false instead of a refusal, where Proxmox does so. */
function holds(caller: Caller, check: Check, params: CheckParams, silent: boolean): boolean {
  const [kind, ...rest] = check;
  switch (kind) {
    case 'perm':
      return permHolds(caller, rest, params, silent);
    case 'and':
      // The parts are not asked silently, even within an `or`.
      for (const one of rest) {
        holds(caller, asCheck(one), params, false);
      }
      return true;
    case 'or':
      return rest.some((one) => holds(caller, asCheck(one), params, true)) || refuse(silent);
    case 'userid-param':
      return userParamHolds(caller, String(rest[0]), params, silent);
    case 'userid-group':
      return userGroupHolds(caller, rest, params, silent);
    case 'perm-modify':
      return modifyHolds(caller, replace(String(rest[0]), params), silent);
  }
  return true;
}

function refuse(silent: boolean, detail?: string): false {
  return silent ? false : forbid(detail);
}

function permHolds(caller: Caller, rest: Check, params: CheckParams, silent: boolean): boolean {
  const [template, privileges, ...options] = rest;
  const needed = optionOf(options, 'require_param');
  if (typeof needed === 'string' && params[needed] === undefined) {
    return refuse(silent);
  }
  const any = optionOf(options, 'any') === 1;
  const wanted = asTexts(privileges);
  const path = normalPath(replace(String(template), params));
  if (path === undefined) {
    const first = any ? wanted.join('|') : (wanted[0] ?? '');
    return caller.auth.isRoot || refuse(silent, `, ${first}`);
  }
  if (silent) {
    return may(caller, path, wanted, any);
  }
  require403(caller, path, wanted, any);
  return true;
}

function userParamHolds(
  caller: Caller,
  what: string,
  params: CheckParams,
  silent: boolean,
): boolean {
  const {userid, realm} = userParts(params.userid ?? '');
  if (what === 'self') {
    return exists(caller, userid, silent) && (userid === caller.auth.authid || refuse(silent));
  }
  const path = `/access/realm/${realm}`;
  if (!silent) {
    require403(caller, path, [what]);
  }
  return may(caller, path, [what]);
}

function exists({cluster}: Caller, userid: string, silent: boolean): boolean {
  if (userProblem(userid) === undefined && cluster.access.users.has(userid)) {
    return true;
  }
  return silent ? false : fail(500, userProblem(userid) ?? `no such user ('${userid}')`);
}

function userGroupHolds(
  caller: Caller,
  rest: Check,
  params: CheckParams,
  silent: boolean,
): boolean {
  const [listed, ...options] = rest;
  const privileges = asTexts(listed);
  const groupsParam = optionOf(options, 'groups_param');
  const isExisting = groupsParam !== 'create';
  const userid = params.userid ?? '';
  if (isExisting && !exists(caller, userid, silent)) {
    return false;
  }
  if (may(caller, '/access/groups', privileges, true)) {
    return true;
  }
  const mayOn = (group: string): boolean =>
    caller.cluster.access.groups.has(group) &&
    may(caller, `/access/groups/${group}`, privileges, true);
  if (groupsParam !== undefined) {
    requireGroups(splitList(params.groups ?? ''), mayOn, privileges);
  }
  const groups = caller.cluster.access.users.get(userid)?.groups ?? [];
  return !isExisting || [...groups].some(mayOn) || refuse(silent);
}

function requireGroups(
  groups: readonly string[],
  mayOn: (group: string) => boolean,
  privileges: readonly string[],
): void {
  const wanted = privileges.join('|');
  if (groups.length === 0) {
    forbid(`/access/groups, ${wanted}`);
  }
  const barred = groups.find((group) => !mayOn(group));
  if (barred !== undefined) {
    forbid(`/access/groups/${barred}, ${wanted}`);
  }
}

function modifyHolds(caller: Caller, text: string, silent: boolean): boolean {
  const path = normalPath(text);
  if (path === undefined) {
    // The handler will say that the path is none.
    return false;
  }
  if (!silent) {
    requireModify(caller, path);
  }
  return mayModify(caller, path);
}

const owners: Readonly<Record<string, string>> = {
  storage: 'Datastore.Allocate',
  vms: 'VM.Allocate',
  pool: 'Pool.Allocate',
};

function modifiers(path: string): readonly string[] {
  const owner = owners[/^\/(storage|vms|pool)\/./.exec(path)?.[1] ?? ''];
  return ['Permissions.Modify', ...(owner === undefined ? [] : [owner])];
}

/** Fill in the parameters; a missing one is `-`. */
function replace(template: string, params: CheckParams): string {
  return template.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = params[name] ?? '';
    return value === '' || value === '0' ? '-' : value;
  });
}

function optionOf(options: Check, name: string): unknown {
  const index = options.indexOf(name);
  return index < 0 ? undefined : options[index + 1];
}

function asCheck(value: unknown): Check {
  return Array.isArray(value) ? value : [];
}

function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
