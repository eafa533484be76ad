// Why this exists: what can be read of workers and how one is stopped (facts.md section 5).
import {fail, paramError} from '../failure.ts';
import {may, require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, download, flag, integer, list, nothing, route} from '../route.ts';
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

/** A user sees the tasks of its tokens, a token only its own (PVE/API2/Tasks.pm). */
function isOwn(context: Context, task: Task): boolean {
  const {authid} = context.auth;
  if (isRunning(task)) {
    // The list of running tasks is not taken apart into user and token.
    return authid === ownerOf(task);
  }
  return authid === ownerOf(task) || authid === task.user;
}

function ownerOf(task: Task): string {
  return task.tokenid === undefined ? task.user : `${task.user}!${task.tokenid}`;
}

/** The caller's own by the UPID alone, whether there is such a task or not; 400 when unreadable. */
function isOwnUpid(context: Context): boolean {
  const owner = upidPattern.exec(context.path.upid ?? '')?.[2];
  if (owner === undefined) {
    paramError({upid: 'unable to parse worker upid'});
  }
  const {authid} = context.auth;
  return owner === authid || owner.split('!')[0] === authid;
}

function requireVisible(context: Context, privilege: 'Sys.Audit' | 'Sys.Modify'): void {
  if (!isOwnUpid(context)) {
    // The path names the node as the caller did, `localhost` too.
    require403(context, `/nodes/${context.path.node}`, [privilege]);
  }
}

/** That there is none is said before it is asked who may know. */
function requireTask(context: Context, privilege: 'Sys.Audit' | 'Sys.Modify'): Task {
  isOwnUpid(context);
  const task = context.cluster.tasks.get(context.path.upid ?? '');
  if (task === undefined) {
    paramError({upid: 'no such task'});
  }
  requireVisible(context, privilege);
  return task;
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
  const task = requireTask(context, 'Sys.Audit');
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
  if (flag(context, 'download')) {
    return downloadLog(context, task);
  }
  if (task === undefined) {
    const line = {n: 1, t: 'unable to open file - No such file or directory'};
    return data(line, {total: 1});
  }
  const lines = task.log;
  if (lines.length === 0) {
    return data([{n: 1, t: 'no content'}], {total: 1});
  }
  const start = integer(context, 'start') ?? 0;
  const limit = integer(context, 'limit') ?? 50;
  const end = limit === 0 ? lines.length : start + limit;
  const shown = lines.slice(start, end).map((t, index) => ({n: start + index + 1, t}));
  return data(shown, {total: lines.length});
}

function downloadLog({params, path}: Context, task: Task | undefined): Reply {
  if (params.start !== undefined || params.limit !== undefined) {
    fail(500, "'download' cannot be used together with 'start' or 'limit' parameters");
  }
  if (task === undefined) {
    // The logs are spread over folders by the last digit of their start.
    const {upid = ''} = path;
    const file = `/var/log/pve/tasks/${upid.split(':')[4]?.at(7)}/${upid}`;
    fail(500, `Could not open file '${file}' - No such file or directory`);
  }
  const time = new Date(task.startS * 1000).toISOString().replace('.000', '');
  const name = `task-${task.node}-${task.type}-${time}.log`;
  return download({
    body: task.log.map((line) => `${line}\n`).join(''),
    type: 'text/plain',
    headers: {'content-disposition': `attachment; filename="${name}"`},
  });
}

function stopTask(context: Context): Reply {
  const task = requireTask(context, 'Sys.Modify');
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
  const matching = [...cluster.tasks.values()]
    .filter((task) => task.node === context.node && (all || isOwn(context, task)))
    .filter((task) => source === 'all' || (source === 'active') === isRunning(task))
    .filter((task) => isWanted(context, task))
    .reverse();
  const start = integer(context, 'start') ?? 0;
  const limit = integer(context, 'limit') ?? 50;
  const running = matching.filter(isRunning);
  const sorted = [...running, ...matching.filter((task) => !isRunning(task)).sort(byEnd)];
  // An empty list comes without a total.
  const top = matching.length === 0 ? {} : {total: matching.length};
  return data(sorted.slice(start, start + limit).map(listEntry), top);
}

/** The archive is written as tasks end, and read from its end. */
function byEnd(left: Task, right: Task): number {
  return (right.endS ?? 0) - (left.endS ?? 0);
}

function isRunning(task: Task): boolean {
  return task.exitStatus === undefined;
}

function isWanted(context: Context, task: Task): boolean {
  const {params} = context;
  const {typefilter, userfilter, vmid} = params;
  const since = integer(context, 'since') ?? 0;
  const until = integer(context, 'until') ?? Number.POSITIVE_INFINITY;
  const owner = isRunning(task) ? ownerOf(task) : task.user;
  const isGiven = (value: string | undefined): value is string =>
    value !== undefined && value !== '';
  return (
    (!isGiven(typefilter) || task.type === typefilter) &&
    (!isGiven(userfilter) || owner.toLowerCase().includes(userfilter.toLowerCase())) &&
    (vmid === undefined || task.id === vmid) &&
    task.startS >= since &&
    task.startS <= until &&
    wantedStates(context).includes(stateOf(task))
  );
}

/** `errors` beats `statusfilter`, and means everything but what went well. */
function wantedStates(context: Context): readonly string[] {
  if (flag(context, 'errors')) {
    return ['warning', 'error', 'unknown'];
  }
  return context.params.statusfilter === undefined
    ? ['ok', 'warning', 'error', 'unknown']
    : list(context, 'statusfilter').map((state) => state.toLowerCase());
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
  return {...rest, user: ownerOf(task), status: 'RUNNING', saved: '0'};
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
  return data(visible.map(broadcastEntry));
}

/** What the nodes tell each other of a task: the process only while there is one. */
function broadcastEntry(task: Task): Record<string, unknown> {
  const {pid, pstart: _, ...rest} = facts(task);
  return isRunning(task)
    ? {...rest, pid, saved: '0'}
    : {...rest, endtime: task.endS, status: task.exitStatus, saved: '1'};
}
