// Why this exists: a 200 is not success; success is the exit status of the task (facts.md section
// 5). Waiting outlives restarts of the daemons and of the node: only the deadline ends it.
import type {Json} from '../core/json.ts';
import type {PveError} from '../core/model.ts';
import type {Clock, TaskOptions, TaskResult} from '../core/ports.ts';
import {encodePart} from '../core/read-path.ts';
import {err, ok, type Result} from '../core/result.ts';
import {isTaskStatus, parseUpid, successOf} from './wire.ts';

/** What waiting for a task needs: one GET, and time. */
export interface TaskWorld {
  readonly clock: Clock;
  readonly get: (path: string, signal?: AbortSignal) => Promise<Result<Json, PveError>>;
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 2_000;
/** A task has its file from the moment of its UPID; gone for this long, it does not come back. */
const VANISHED_AFTER_MS = 60_000;

/** Polls until the task has ended, the deadline has passed or nobody may tell any more. */
export async function awaitTask(
  world: TaskWorld,
  upid: string,
  options: TaskOptions,
): Promise<Result<TaskResult, PveError>> {
  const node = parseUpid(upid)?.node;
  if (node === undefined) return err(taskError('parameter', `${upid} is not a UPID`));
  const path = `/nodes/${node}/tasks/${encodePart(upid)}/status`;
  const {clock} = world;
  const deadline = clock.monotonic() + options.timeoutMs;
  let pauseMs = FIRST_PAUSE_MS;
  let goneSince: number | null = null;
  for (;;) {
    const answer = await world.get(path, options.signal);
    const ended = answer.ok ? endOf(upid, answer.value) : null;
    if (ended !== null) return ok(ended);
    const now = clock.monotonic();
    goneSince = !answer.ok && answer.error.kind === 'missing' ? (goneSince ?? now) : null;
    if (!answer.ok && isFinal(answer.error, goneSince, now)) return err(answer.error);
    if (now >= deadline) return err(answer.ok ? stillRunning(upid, options) : answer.error);
    await clock.sleep(Math.min(pauseMs, deadline - now), options.signal);
    if (options.signal?.aborted === true) {
      return err(taskError('cancelled', `waiting for ${upid} was given up`));
    }
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
  }
}

function endOf(upid: string, data: Json): TaskResult | null {
  if (!isTaskStatus(data) || data.status !== 'stopped') return null;
  const exitStatus = data.exitstatus ?? 'unexpected status';
  const success = successOf(exitStatus);
  return {upid, exitStatus, success: success !== null, warnings: success?.warnings ?? 0};
}

/** Refused or given up; everything else (a node away, a daemon restarting) may pass. */
function isFinal(error: PveError, goneSince: number | null, now: number): boolean {
  switch (error.kind) {
    case 'missing':
      return goneSince !== null && now - goneSince >= VANISHED_AFTER_MS;
    case 'forbidden':
    case 'unauthorised':
    case 'parameter':
    case 'not-implemented':
    case 'cancelled':
      return true;
    case 'exists':
    case 'locked':
    case 'lock-timeout':
    case 'digest':
    case 'protected':
    case 'running':
    case 'not-running':
    case 'in-use':
    case 'no-quorum':
    case 'node-unreachable':
    case 'no-answer':
    case 'connection':
    case 'tls':
    case 'storage':
    case 'bad-answer':
    case 'server':
      return false;
  }
}

function stillRunning(upid: string, options: TaskOptions): PveError {
  const seconds = Math.round(options.timeoutMs / 1000);
  return taskError('no-answer', `${upid} still runs after ${seconds} s of waiting`);
}

function taskError(kind: PveError['kind'], message: string): PveError {
  return {kind, status: null, message, errors: {}, sent: 'answered'};
}
