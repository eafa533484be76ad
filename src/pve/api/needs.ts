// Why this exists: which privileges a call needs stands in the API's own schema; here its rules are
// applied to one call, so that nobody has to keep a list of them.
import type {Need} from '../../core/kind.ts';
import type {ApiCall} from '../../core/model.ts';
import type {ApiRelease, FoundMethod} from './methods.ts';
import {findMethod} from './methods.ts';

/**
 * What the schema asks of whoever makes the call; empty when anybody who is logged in may, or when
 * that release has no such call. What only the handler asks (keys, storages) is the kind's to say.
 */
export function schemaNeeds(release: ApiRelease, call: ApiCall): readonly Need[] {
  const [path = ''] = call.path.split('?');
  const found = findMethod(release, call.method, path);
  return found?.check == null ? [] : needsOf(found.check, found, call);
}

function needsOf(rule: unknown, found: FoundMethod, call: ApiCall): readonly Need[] {
  if (!Array.isArray(rule)) return [];
  const [word, ...rest]: readonly unknown[] = rule;
  switch (word) {
    case 'and':
      return rest.flatMap((inner) => needsOf(inner, found, call));
    case 'or':
      return oneOf(rest.map((inner) => needsOf(inner, found, call)));
    case 'perm':
      return permission(rest, found, call);
    default:
      return [];
  }
}

/** Of several ways any one will do; a way that does not apply to this call is none. */
function oneOf(ways: readonly (readonly Need[])[]): readonly Need[] {
  const possible = ways.filter((needs) => needs.length > 0);
  const single = possible.flatMap((needs) => (needs.length === 1 ? needs : []));
  if (single.length === 0) return possible[0] ?? [];
  return [{anyOf: single.flatMap(({anyOf}) => anyOf)}];
}

function permission(
  [path, privileges, ...options]: readonly unknown[],
  found: FoundMethod,
  call: ApiCall,
): readonly Need[] {
  const required = options.indexOf('require_param');
  const param = required < 0 ? undefined : String(options[required + 1]);
  if (param !== undefined && call.params[param] === undefined) return [];
  const names = Array.isArray(privileges) ? privileges.map(String) : [];
  const where = filled(String(path), found, call);
  const grants = names.map((privilege) => ({path: where, privilege}));
  if (options.includes('any')) return [{anyOf: grants}];
  return grants.map((grant) => ({anyOf: [grant]}));
}

function filled(path: string, found: FoundMethod, call: ApiCall): string {
  return path.replace(/\{([a-z]+)\}/g, (_, name: string) => {
    return String(found.path[name] ?? call.params[name] ?? '');
  });
}
