// Why this exists: what can be read of workers and how one is stopped (facts.md section 5).
import {paramError} from '../failure.ts';
import {may, require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, integer, list, nothing, route} from '../route.ts';
import type {Task} from '../state.ts';
import {recordEffect} from '../state.ts';

const base = '/nodes/{node}/tasks';

/** Everything about tasks of a node and of the cluster. */
export const taskRoutes: readonly Route[] = [
  route('GET', base, listTasks),
  route('GET', `${base}/{upid}`, () => data([{name: 'log'}, {name: 'status'}])),
  route('GET', `${base}/{upid}/status`, showStatus),
  route('GET', `${base}/{upid}/log`, showLog),
  route('DELETE', `${base}/{upid}`, stopTask),
  route('GET', '/cluster/tasks', listClusterTasks),
];

const upidPattern =
  /^UPID:([a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8,9}:[0-9A-Fa-f]{8}:[^:\s/]+:[^:\s/]*:([^:\s/]+):$/;

function isOwn(context: Context, task: Task): boolean {
  const {user, tokenid} = context.auth;
  return task.user === user && task.tokenid === tokenid;
}

function requireVisible(context: Context, privilege: 'Sys.Audit' | 'Sys.Modify'): void {
  const upid = context.path.upid ?? '';
  const match = upidPattern.exec(upid);
  if (match === null) {
    paramError({upid: 'unable to parse worker upid'});
  }
  if (match[2] !== context.auth.authid) {
    require403(context, `/nodes/${context.node}`, [privilege]);
  }
}

function requireTask(context: Context): Task {
  const task = context.cluster.tasks.get(context.path.upid ?? '');
  return task ?? paramError({upid: 'no such task'});
}

function facts(task: Task): Record<string, unknown> {
  return {
    upid: task.upid,
    node: task.node,
    pid: task.pid,
    pstart: task.pstart,
    starttime: task.startS,
    type: task.type,
    id: task.id,
    user: task.user,
    ...(task.tokenid === undefined ? {} : {tokenid: task.tokenid}),
  };
}

function showStatus(context: Context): Reply {
  requireVisible(context, 'Sys.Audit');
  const task = requireTask(context);
  const end = task.exitStatus === undefined ? {} : {exitstatus: task.exitStatus};
  return data({
    ...facts(task),
    status: task.exitStatus === undefined ? 'running' : 'stopped',
    ...end,
  });
}

function showLog(context: Context): Reply {
  requireVisible(context, 'Sys.Audit');
  const task = context.cluster.tasks.get(context.path.upid ?? '');
  if (task === undefined) {
    const line = {n: 1, t: 'unable to open file - No such file or directory'};
    return data(line, {total: 1});
  }
  const lines = task.log.length === 0 ? ['no content'] : task.log;
  const start = integer(context, 'start') ?? 0;
  const limit = integer(context, 'limit') ?? 50;
  const end = limit === 0 ? lines.length : start + limit;
  const shown = lines.slice(start, end).map((t, index) => ({n: start + index + 1, t}));
  return data(shown, {total: lines.length});
}

function stopTask(context: Context): Reply {
  requireVisible(context, 'Sys.Modify');
  const task = requireTask(context);
  if (task.stop !== undefined) {
    recordEffect(context.cluster, 'task-stop', undefined, task.upid);
    task.stop('received interrupt');
  }
  return nothing;
}

function listTasks(context: Context): Reply {
  const {cluster, params} = context;
  const all = may(context, `/nodes/${context.node}`, ['Sys.Audit']);
  const source = params.source ?? 'archive';
  const visible = [...cluster.tasks.values()]
    .filter((task) => task.node === context.node && (all || isOwn(context, task)))
    .filter((task) => source === 'all' || (source === 'active') === isRunning(task))
    .filter((task) => isWanted(context, task))
    .reverse();
  const start = integer(context, 'start') ?? 0;
  const limit = integer(context, 'limit') ?? 50;
  const running = visible.filter(isRunning);
  const sorted = [...running, ...visible.filter((task) => !isRunning(task))];
  // An empty list comes without a total.
  const top = visible.length === 0 ? {} : {total: visible.length};
  return data(sorted.slice(start, start + limit).map(listEntry), top);
}

function isRunning(task: Task): boolean {
  return task.exitStatus === undefined;
}

function isWanted(context: Context, task: Task): boolean {
  const {params} = context;
  const {typefilter, userfilter, vmid} = params;
  const since = integer(context, 'since') ?? 0;
  const until = integer(context, 'until') ?? Number.POSITIVE_INFINITY;
  const states = list(context, 'statusfilter');
  const user = task.tokenid === undefined ? task.user : `${task.user}!${task.tokenid}`;
  const owner = isRunning(task) ? user : task.user;
  return (
    (typefilter === undefined || task.type === typefilter) &&
    (userfilter === undefined || owner.toLowerCase().includes(userfilter.toLowerCase())) &&
    (vmid === undefined || task.id === vmid) &&
    task.startS >= since &&
    task.startS <= until &&
    (states.length === 0 || states.includes(stateOf(task))) &&
    (params.errors !== '1' || ['error', 'unknown'].includes(stateOf(task)))
  );
}

function stateOf(task: Task): string {
  const status = task.exitStatus;
  if (status === undefined || status === 'unexpected status') {
    return 'unknown';
  }
  return status === 'OK' ? 'ok' : /^WARNINGS: \d+$/.test(status) ? 'warning' : 'error';
}

function listEntry(task: Task): Record<string, unknown> {
  if (task.exitStatus !== undefined) {
    return {...facts(task), endtime: task.endS, status: task.exitStatus};
  }
  const {tokenid: _, ...rest} = facts(task);
  const user = task.tokenid === undefined ? task.user : `${task.user}!${task.tokenid}`;
  return {...rest, user, status: 'RUNNING', saved: '0'};
}

/** Newest 25 of each node; a token sees all with Sys.Audit on `/` and else nothing. */
function listClusterTasks(context: Context): Reply {
  const {cluster, auth} = context;
  const all = may(context, '/', ['Sys.Audit']);
  const perNode = [...cluster.nodes.keys()].flatMap((node) => {
    const tasks = [...cluster.tasks.values()].filter((task) => task.node === node).reverse();
    return [...tasks.filter(isRunning), ...tasks.filter((task) => !isRunning(task))].slice(0, 25);
  });
  const visible = perNode.filter(
    (task) => all || (auth.tokenid === undefined && task.user === auth.user),
  );
  return data(
    visible.map((task) => {
      const end = isRunning(task) ? {} : {endtime: task.endS, status: task.exitStatus};
      return {...facts(task), ...end, saved: isRunning(task) ? '0' : '1'};
    }),
  );
}
