// Why this exists: the program under test, with a process to itself, so that its processor time and
// its memory can be told from those of the cluster and of the driver.
import '../src/cli/heap.ts';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import type {CommandContext} from '../src/cli/command-context.ts';
import {processIo} from '../src/cli/io.ts';
import {type RunningController, startController} from '../src/cli/run-controller.ts';
import type {Report} from '../src/core/report.ts';
import {answer} from './child.ts';
import type {Blocks, ControllerAnswers, Passed} from './messages.ts';

/** Samples this often find every block that is worth a word. */
const RESOLUTION_MS = 5;

/** The most processor time that the main thread used between two turns of its event loop, ms. */
const longest = {ms: 0, last: cpuMs()};
setInterval(() => {
  const now = cpuMs();
  longest.ms = Math.max(longest.ms, now - longest.last);
  longest.last = now;
}, RESOLUTION_MS).unref();

const abort = new AbortController();
const delays = monitorEventLoopDelay({resolution: RESOLUTION_MS});
let reported = Promise.withResolvers<Report>();
/** Reports of passes that began before this are somebody else's, ms since the epoch. */
let askedAt = 0;
let running: RunningController | null = null;
let used = process.cpuUsage({user: 0, system: 0});

async function start(configFile: string): Promise<Passed> {
  delays.enable();
  const context: CommandContext = {
    io: {...processIo(abort.signal), interactive: false},
    exit: () => undefined,
    options: () => ({config: configFile}),
  };
  running = await startController(context, {
    logLevel: 'error',
    onReport: (report) => {
      if (report.startedAt >= askedAt) reported.resolve(report);
    },
  });
  const report = await reported.promise;
  return passed(report, performance.now());
}

async function pass(): Promise<Passed> {
  reported = Promise.withResolvers<Report>();
  watch();
  used = process.cpuUsage();
  askedAt = Date.now();
  running?.controller.nudge();
  const report = await reported.promise;
  return passed(report, Date.now() - report.startedAt);
}

function passed(report: Report, wallMs: number): Passed {
  const {user, system} = process.cpuUsage(used);
  const states: {[state: string]: number} = {};
  for (const {state} of report.resources) states[state] = (states[state] ?? 0) + 1;
  return {
    wallMs,
    cpuMs: (user + system) / 1000,
    blocks: blocks(),
    rssMib: process.resourceUsage().maxRSS / 1024,
    requests: report.requests,
    states,
    stages: Object.fromEntries(report.stages.map(({stage, seconds}) => [stage, seconds * 1000])),
    endedAt: Date.now(),
    problems: [
      ...report.stages.flatMap(({stage, because}) => (because ? [`${stage}: ${because}`] : [])),
      ...report.resources.flatMap(({key, because}) =>
        because.map((one) => `${key}: ${one.detail}`),
      ),
    ].slice(0, 3),
  };
}

function watch(): void {
  delays.reset();
  longest.ms = 0;
}

/** The histogram holds intervals between samples: what is beyond the resolution is a block. */
function blocks(): Blocks {
  return {wallMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS), cpuMs: longest.ms};
}

function cpuMs(): number {
  const {user, system} = process.threadCpuUsage();
  return (user + system) / 1000;
}

answer<ControllerAnswers>({
  start: (configFile) => start(String(configFile)),
  pass: () => pass(),
  watch: async () => {
    watch();
    return running?.url ?? '';
  },
  watched: async () => blocks(),
  stop: async () => {
    await running?.stop();
    return null;
  },
});
