// Why this exists: the endpoints that read and write a guest's configuration, with their lock,
// their time and the difference between the plain call and the worker.
import {paramError} from '../failure.ts';
import {qemuLockFile} from '../flock.ts';
import {digestOf} from '../guest/file.ts';
import {mergedConfig} from '../guest/pending.ts';
import {snapshotNamed} from '../guest/snapshots.ts';
import type {Context, Reply, Route} from '../route.ts';
import {
  afterDelay,
  answerInTime,
  data,
  flag,
  integer,
  list,
  nothing,
  route,
  underLock,
  vmidOf,
} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {logLine} from '../state.ts';
import type {Stage} from '../task.ts';
import {allocationMs, changeGuest} from './config-change.ts';
import type {Update} from './config-update.ts';
import {checkUpdate, readUpdate} from './config-update.ts';
import {loadGuest} from './guest-file.ts';
import {configView, pendingView} from './pending.ts';
import type {Job} from './volumes.ts';
import {forkHoldingLock} from './worker.ts';

const base = '/nodes/{node}/qemu/{vmid}';

function readConfig(context: Context): Reply {
  const guest = loadGuest(context.cluster, context.node, vmidOf(context));
  const name = context.params['snapshot'];
  if (name !== undefined && flag(context, 'current')) {
    const text = "cannot use 'snapshot' parameter with 'current'";
    paramError({snapshot: text, current: text});
  }
  const digest = digestOf(guest);
  if (name !== undefined) return data(configView(snapshotNamed(guest, name), digest));
  return data(configView(flag(context, 'current') ? guest.config : mergedConfig(guest), digest));
}

function readPending(context: Context): Reply {
  const guest = loadGuest(context.cluster, context.node, vmidOf(context));
  return data(pendingView(guest, digestOf(guest)));
}

/** PUT: everything within the call, under the lock file. */
function putConfig(context: Context): Reply {
  const update = readUpdate(context, vmidOf(context));
  return updateUnderLock(context, update);
}

/** PUT unlink is a config write that only deletes. */
function unlink(context: Context): Reply {
  const params = {
    delete: list(context, 'idlist').join(','),
    ...(flag(context, 'force') ? {force: '1'} : {}),
  };
  const update = readUpdate({...context, params}, vmidOf(context));
  return updateUnderLock(context, update);
}

function updateUnderLock(context: Context, update: Update): Reply {
  const {cluster, node} = context;
  const {vmid} = update.request;
  return underLock(cluster, {file: qemuLockFile(vmid)}, () => {
    const guest = admitted(context, update);
    const job: Job = {cluster, node, log: () => {}};
    return afterDelay(cluster, allocationMs(job, update), () => {
      const change = changeGuest(job, guest, update);
      return afterDelay(cluster, change.ms, () => {
        change.finish();
        return nothing;
      });
    });
  });
}

/** POST: checks under the lock, then a worker that keeps it. */
function postConfig(context: Context): Reply {
  const update = readUpdate(context, vmidOf(context));
  return forkHoldingLock(context, update.request.vmid, () => {
    const guest = admitted(context, update);
    const stages = updateStages(guest, update);
    return {type: 'qmconfig', stages, answer: (upid) => withDelay(context, upid)};
  });
}

/** The guest, with everything checked that refuses a write without a trace. */
function admitted(context: Context, update: Update): QemuGuest {
  const guest = loadGuest(context.cluster, context.node, update.request.vmid);
  checkUpdate(guest, update);
  const {vmid} = update.request;
  const message = `update VM ${vmid}: ${update.summary}`;
  logLine(context.cluster, context.node, context.auth.authid, message);
  return guest;
}

function updateStages(guest: QemuGuest, update: Update): readonly Stage[] {
  const {cluster, node} = update.request.context;
  return [
    {
      kind: 'then',
      stages: (worker) => {
        const job: Job = {cluster, node, log: worker.log};
        worker.log(`update VM ${guest.vmid}: ${update.summary}`);
        return [
          {kind: 'wait', ms: allocationMs(job, update)},
          {
            kind: 'then',
            stages: () => {
              const change = changeGuest(job, guest, update);
              return [
                {kind: 'wait', ms: change.ms},
                {kind: 'do', run: () => change.finish()},
              ];
            },
          },
        ];
      },
    },
  ];
}

/** With `background_delay`: null when the worker ends in time, else its UPID. */
function withDelay(context: Context, upid: string): Reply {
  const vmid = vmidOf(context);
  return answerInTime(context.cluster, {
    upid,
    delayS: integer(context, 'background_delay'),
    everyMs: 100,
    failure: (status) => (status === 'OK' ? null : `failed to update VM ${vmid}: ${status}`),
  });
}

/** The configuration endpoints. */
export const configRoutes: readonly Route[] = [
  route('GET', `${base}/config`, readConfig),
  route('GET', `${base}/pending`, readPending),
  route('PUT', `${base}/config`, putConfig),
  route('POST', `${base}/config`, postConfig),
  route('PUT', `${base}/unlink`, unlink),
];
