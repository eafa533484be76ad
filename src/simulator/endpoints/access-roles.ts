// Why this exists: roles: the built-in ones of the version and one's own.
import {fail, paramError, prefixed} from '../failure.ts';
import {rolePrivileges} from '../permission.ts';
import {builtInRoles} from '../privileges.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, nothing, route} from '../route.ts';
import {recordEffect} from '../state.ts';

/** Everything below `/access/roles`. */
export const roleRoutes: readonly Route[] = [
  route('GET', '/access/roles', listRoles),
  route('POST', '/access/roles', createRole),
  route('GET', '/access/roles/{roleid}', showRole),
  route('PUT', '/access/roles/{roleid}', updateRole),
  route('DELETE', '/access/roles/{roleid}', deleteRole),
];

function listRoles({cluster}: Context): Reply {
  const entry = (special: number) => {
    return ([roleid, privileges]: readonly [string, ReadonlySet<string>]) => ({
      roleid,
      special,
      privs: [...privileges].sort().join(','),
    });
  };
  const builtIn = [...builtInRoles(cluster.version)].map(entry(1));
  return data([...builtIn, ...[...cluster.access.roles].map(entry(0))]);
}

function showRole({cluster, path}: Context): Reply {
  const roleid = path.roleid ?? '';
  const privileges = rolePrivileges(cluster, roleid);
  if (privileges === undefined) {
    fail(500, `role '${roleid}' does not exist`);
  }
  return data(Object.fromEntries([...privileges].map((privilege) => [privilege, 1])));
}

function createRole(context: Context): Reply {
  const {cluster, params} = context;
  const roleid = params.roleid ?? '';
  if (/^pve/i.test(roleid)) {
    const text = "cannot use role ID starting with the (case-insensitive) 'PVE' namespace";
    paramError({roleid: text});
  }
  prefixed('create role failed', () => {
    if (rolePrivileges(cluster, roleid) !== undefined) {
      fail(500, `role '${roleid}' already exists`);
    }
  });
  cluster.access.roles.set(roleid, new Set(list(context, 'privs')));
  recordEffect(cluster, 'access', undefined, `role ${roleid} created`);
  return nothing;
}

function refuseBuiltIn({cluster, path}: Context, what: string): void {
  if (builtInRoles(cluster.version).has(path.roleid ?? '')) {
    fail(500, `auto-generated role '${path.roleid}' cannot be ${what}`);
  }
}

function updateRole(context: Context): Reply {
  const {cluster, path} = context;
  const roleid = path.roleid ?? '';
  refuseBuiltIn(context, 'modified');
  prefixed('update role failed', () => {
    const role = cluster.access.roles.get(roleid) ?? fail(500, `role '${roleid}' does not exist`);
    if (!flag(context, 'append')) {
      role.clear();
    }
    for (const privilege of list(context, 'privs')) {
      role.add(privilege);
    }
  });
  recordEffect(cluster, 'access', undefined, `role ${roleid} updated`);
  return nothing;
}

function deleteRole(context: Context): Reply {
  const {cluster, path} = context;
  const roleid = path.roleid ?? '';
  refuseBuiltIn(context, 'deleted');
  prefixed('delete role failed', () => {
    if (!cluster.access.roles.delete(roleid)) {
      fail(500, `role '${roleid}' does not exist`);
    }
  });
  cluster.access.acl = cluster.access.acl.filter((entry) => entry.role !== roleid);
  recordEffect(cluster, 'access', undefined, `role ${roleid} deleted`);
  return nothing;
}
