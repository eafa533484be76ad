// Why this exists: the one door through which processes are started. A program gets an argument
// list (never a shell), exactly the environment it was given, a deadline and a bound on its output,
// and it dies with everything it started.
import {execa} from 'execa';
import {err, ok, type Result} from '../core/result.ts';

/** What to run. `env` is the whole environment: nothing is inherited from this process. */
export interface ProgramRequest {
  /** Program name (looked up in the PATH of `env`) or absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: {readonly [name: string]: string};
  readonly input?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Bound on each of the two outputs; past it the program is killed. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** A program that ran to its end; whether its exit code means failure, the caller says. */
export interface ProgramExit {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  /** The error output as UTF-8. May repeat what the program was told: not for logs. */
  readonly stderr: string;
}

/** A program that did not run to its end. The message never holds an argument. */
export interface ProgramFailure {
  readonly kind: 'missing' | 'not-started' | 'timeout' | 'cancelled' | 'too-much-output' | 'killed';
  readonly message: string;
}

/** Time to leave after SIGTERM; git needs some to drop its temporary packs. */
const GRACE_MS = 1000;

/** Runs a program to its end. Never throws for what the program does. */
export async function runProgram(
  request: ProgramRequest,
): Promise<Result<ProgramExit, ProgramFailure>> {
  const {file, signal} = request;
  if (signal?.aborted) return err({kind: 'cancelled', message: `${file} was not started`});
  const child = execa(file, [...request.args], {
    cwd: request.cwd,
    env: {...request.env},
    extendEnv: false,
    encoding: 'buffer',
    maxBuffer: request.maxBytes,
    reject: false,
    detached: true,
    cleanup: false,
    stripFinalNewline: false,
    ...(request.input === undefined ? {stdin: 'ignore' as const} : {input: request.input}),
  });
  const stop = stopper(child.pid);
  const timer = setTimeout(() => stop.because('timeout'), request.timeoutMs);
  const onAbort = () => stop.because('cancelled');
  signal?.addEventListener('abort', onAbort, {once: true});
  track(stop);
  try {
    const done = await child;
    if (done.isMaxBuffer) stop.because('too-much-output');
    const reason = stop.reason();
    if (reason !== null) return err({kind: reason, message: stoppedMessage(request, reason)});
    if (done.exitCode === undefined) return err(unstarted(file, done.code, done.signal));
    const stderr = new TextDecoder().decode(done.stderr);
    return ok({exitCode: done.exitCode, stdout: done.stdout, stderr});
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    running.delete(stop);
    stop.settle();
  }
}

/** Programs under way: none of them may outlive this process. */
const running = new Set<Stopper>();

function track(stop: Stopper): void {
  if (running.size === 0) process.off('exit', stopAll).once('exit', stopAll);
  running.add(stop);
}

function stopAll(): void {
  for (const stop of running) stop.now();
}

type StopReason = 'timeout' | 'cancelled' | 'too-much-output';

interface Stopper {
  because(reason: StopReason): void;
  reason(): StopReason | null;
  /** Kills the group at once. */
  now(): void;
  /** The program itself has ended: whatever it left behind after being stopped is killed now. */
  settle(): void;
}

/** Ends a process group: SIGTERM, and SIGKILL for what is left of it when its time is over. */
function stopper(pid: number | undefined): Stopper {
  let reason: StopReason | null = null;
  let timer: NodeJS.Timeout | null = null;
  const now = () => signalGroup(pid, 'SIGKILL');
  return {
    because(why) {
      if (reason !== null) return;
      reason = why;
      signalGroup(pid, 'SIGTERM');
      timer = setTimeout(now, GRACE_MS);
    },
    reason: () => reason,
    now,
    settle() {
      if (timer !== null) clearTimeout(timer);
      if (reason !== null) now();
    },
  };
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group has already gone, which is what was wanted.
  }
}

function stoppedMessage(request: ProgramRequest, reason: StopReason): string {
  const {file} = request;
  if (reason === 'timeout') return `${file} was stopped after ${request.timeoutMs} ms`;
  if (reason === 'cancelled') return `${file} was cancelled`;
  return `${file} wrote more than ${request.maxBytes} bytes and was stopped`;
}

function unstarted(
  file: string,
  code: string | undefined,
  signal: string | undefined,
): ProgramFailure {
  if (signal !== undefined) return {kind: 'killed', message: `${file} was killed by ${signal}`};
  if (code === 'ENOENT') return {kind: 'missing', message: `${file} is not installed`};
  return {
    kind: 'not-started',
    message: `${file} could not be started (${code ?? 'unknown error'})`,
  };
}
