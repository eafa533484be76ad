// Why this exists: the schema's permission rules (`['perm', '/vms/{vmid}', …]`) are evaluated
// before parameters are validated, with the texts of the real 403s.
import {forbid} from './failure.ts';
import type {Caller} from './permission.ts';
import {may, require403} from './permission.ts';
import type {Check} from './schema/api.ts';

/** Parameters as the rules see them: unvalidated text. */
export type CheckParams = Readonly<Record<string, string>>;

/** Refuse with 403 unless the rule holds. */
export function enforce(caller: Caller, check: Check, params: CheckParams): void {
  const [kind, ...rest] = check;
  if (kind === 'perm') {
    enforcePerm(caller, rest, params);
  } else if (kind === 'and') {
    for (const one of rest) {
      enforce(caller, asCheck(one), params);
    }
  } else if (kind === 'or') {
    if (!rest.some((one) => holds(caller, asCheck(one), params))) {
      forbid();
    }
  } else if (kind === 'userid-param') {
    enforceUserParam(caller, String(rest[0]), params);
  } else if (kind === 'userid-group') {
    enforceUserGroup(caller, asTexts(rest[0]), rest, params);
  } else if (kind === 'perm-modify') {
    enforceModify(caller, replace(String(rest[0]), params));
  }
}

function holds(caller: Caller, check: Check, params: CheckParams): boolean {
  try {
    enforce(caller, check, params);
    return true;
  } catch {
    return false;
  }
}

function enforcePerm(caller: Caller, rest: Check, params: CheckParams): void {
  const [template, privileges, ...options] = rest;
  const needed = optionOf(options, 'require_param');
  if (typeof needed === 'string' && params[needed] === undefined) {
    forbid();
  }
  const path = replace(String(template), params);
  require403(caller, path, asTexts(privileges), optionOf(options, 'any') === 1);
}

function enforceUserParam(caller: Caller, what: string, params: CheckParams): void {
  const userid = params.userid ?? '';
  if (what === 'self') {
    if (userid !== caller.auth.user) {
      forbid();
    }
    return;
  }
  const realm = userid.split('@').at(-1) ?? '';
  require403(caller, `/access/realm/${realm}`, [what]);
}

function enforceUserGroup(
  caller: Caller,
  privileges: readonly string[],
  options: Check,
  params: CheckParams,
): void {
  if (may(caller, '/access/groups', privileges, true)) {
    return;
  }
  const user = caller.cluster.access.users.get(params.userid ?? '');
  const inGroup = [...(user?.groups ?? [])].some((group) =>
    may(caller, `/access/groups/${group}`, privileges, true),
  );
  if (!inGroup || optionOf(options.slice(1), 'groups_param') === 'create') {
    forbid(`/access/groups, ${privileges.join('|')}`);
  }
}

function enforceModify(caller: Caller, path: string): void {
  const kind = /^\/(storage|vms|pool)\//.exec(path)?.[1];
  const owner: Readonly<Record<string, string>> = {
    storage: 'Datastore.Allocate',
    vms: 'VM.Allocate',
    pool: 'Pool.Allocate',
  };
  const extra = kind === undefined ? undefined : owner[kind];
  const wanted = ['Permissions.Modify', ...(extra === undefined ? [] : [extra])];
  require403(caller, path === '' ? '/' : path, wanted, true);
}

function replace(template: string, params: CheckParams): string {
  return template.replace(/\{([^}]+)\}/g, (_, name: string) => params[name] ?? '');
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
