// Why this exists: groups of users.
import {fail, prefixed} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, nothing, route} from '../route.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';
import {keptText} from './access-users.ts';

/** Everything below `/access/groups`. */
export const groupRoutes: readonly Route[] = [
  route('GET', '/access/groups', listGroups),
  route('POST', '/access/groups', createGroup),
  route('GET', '/access/groups/{groupid}', showGroup),
  route('PUT', '/access/groups/{groupid}', updateGroup),
  route('DELETE', '/access/groups/{groupid}', deleteGroup),
];

function members(cluster: Cluster, group: string): readonly string[] {
  return [...cluster.access.users]
    .filter(([, user]) => user.groups.has(group))
    .map(([userid]) => userid)
    .sort();
}

function listGroups(context: Context): Reply {
  const {cluster} = context;
  const wanted = ['User.Modify', 'Sys.Audit', 'Group.Allocate'];
  const visible = [...cluster.access.groups].filter(([id]) =>
    may(context, `/access/groups/${id}`, wanted, true),
  );
  return data(
    visible.map(([groupid, {comment}]) => ({
      groupid,
      users: members(cluster, groupid).join(','),
      ...(comment === undefined || comment === '' ? {} : {comment}),
    })),
  );
}

function createGroup({cluster, params}: Context): Reply {
  const groupid = params.groupid ?? '';
  prefixed('create group failed', () => {
    if (cluster.access.groups.has(groupid)) {
      fail(500, `group '${groupid}' already exists`);
    }
    cluster.access.groups.set(groupid, {comment: keptText(params.comment)});
  });
  recordEffect(cluster, 'access', undefined, `group ${groupid} created`);
  return nothing;
}

function requireGroup({cluster, path}: Context): {comment: string | undefined} {
  const groupid = path.groupid ?? '';
  return cluster.access.groups.get(groupid) ?? fail(500, `group '${groupid}' does not exist`);
}

function showGroup(context: Context): Reply {
  const {comment} = requireGroup(context);
  const shown = comment === undefined || comment === '' ? {} : {comment};
  return data({...shown, members: members(context.cluster, context.path.groupid ?? '')});
}

function updateGroup(context: Context): Reply {
  prefixed('update group failed', () => {
    const group = requireGroup(context);
    const {comment} = context.params;
    group.comment = comment === undefined ? group.comment : keptText(comment);
  });
  recordEffect(context.cluster, 'access', undefined, `group ${context.path.groupid} updated`);
  return nothing;
}

function deleteGroup(context: Context): Reply {
  const {cluster, path} = context;
  const groupid = path.groupid ?? '';
  prefixed('delete group failed', () => requireGroup(context));
  cluster.access.groups.delete(groupid);
  for (const user of cluster.access.users.values()) {
    user.groups.delete(groupid);
  }
  cluster.access.acl = cluster.access.acl.filter(
    (entry) => entry.kind !== 'group' || entry.subject !== groupid,
  );
  recordEffect(cluster, 'access', undefined, `group ${groupid} deleted`);
  return nothing;
}
