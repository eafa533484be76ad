// Why this exists: the demo's stage with the controller as a process of its own, which a test can
// kill, stop, start again and start twice.
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createRepository, type DemoRepository} from '../../src/cli/demo/repository.ts';
import {
  addOperator,
  DEMO_ENVIRONMENT,
  demoConfig,
  EXAMPLE,
  writeByHand,
} from '../../src/cli/demo/scene.ts';
import type {Stage} from '../../src/cli/demo/script.ts';
import type {Report} from '../../src/core/report.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {type Listening, type ListenOptions, listen} from '../../src/simulator/listen.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {PATIENCE_MS} from '../fixtures/patience.ts';
import {type Program, runProgramToEnd, startProgram} from '../fixtures/program.ts';

/** A stage whose controller the test starts and ends. */
export interface ProcessStage extends Stage {
  readonly folder: string;
  readonly configFile: string;
  readonly server: Listening;
  readonly repository: DemoRepository;
  /** A controller that listens for status at `url`, once it does. */
  start(): Promise<Program>;
  /** Where the newest controller shows status. */
  url(): string;
  /** Reads the newest plan of the running controller, for `report`. */
  refresh(): Promise<void>;
  /** Any command with the stage's configuration. */
  pvegit(...args: readonly string[]): ReturnType<typeof runProgramToEnd>;
  end(): Promise<void>;
}

/** Sets the stage; the simulator runs in the test's own process. */
export async function setStage(options: ListenOptions = {}): Promise<ProcessStage> {
  const folder = mkdtempSync(join(tmpdir(), 'pvegit-stage-'));
  const simulator: Cluster = demoCluster({nowMs: Date.now()});
  addOperator(simulator);
  const server = await listen(simulator, {speed: 4, ...options});
  const repository = await createRepository(folder, EXAMPLE);
  const configFile = join(folder, 'pvegit.yaml');
  writeFileSync(configFile, demoConfig(folder, repository.url, server, 0));
  const programs: Program[] = [];
  const state: {url: string; report: Report | null} = {url: '', report: null};
  const pvegit = (...args: readonly string[]) =>
    runProgramToEnd(['--config', configFile, ...args], {env: {...DEMO_ENVIRONMENT}});
  return {
    folder,
    configFile,
    simulator,
    server,
    repository,
    pvegit,
    report: () => state.report,
    atTheWebPage: (vmid, params) => writeByHand(server, vmid, params),
    approve: async (fingerprint) => {
      const {code, output} = await pvegit('apply', '--approve', fingerprint.slice(0, 16));
      return {code: code ?? 1, output};
    },
    start: async () => {
      const program = startProgram(['--config', configFile, 'run'], {env: {...DEMO_ENVIRONMENT}});
      programs.push(program);
      const [, url = ''] = await program.says(/"url":"(http[^"]+)"[^\n]*controller started/);
      state.url = url;
      return program;
    },
    url: () => state.url,
    refresh: async () => {
      state.report = await planOf(state.url);
    },
    end: async () => {
      for (const program of programs) program.signal('SIGKILL');
      await Promise.all(programs.map(({ended}) => ended));
      await server.close();
      // What they had started ends a moment later than themselves, and may still write.
      rmSync(folder, {recursive: true, force: true, maxRetries: 20, retryDelay: 100});
    },
  };
}

/** The newest plan and verdicts, as a report of which steps read nothing else; null while none. */
async function planOf(url: string): Promise<Report | null> {
  try {
    const answer = await fetch(`${url}/api/v1/clusters/harness/plan`);
    if (!answer.ok) return null;
    // Safe: the API shows plan and verdicts of a report as they are, and nothing else is read.
    return (await answer.json()) as Report;
  } catch {
    return null;
  }
}

/** Waits until it is so, or fails with what it is instead. */
export async function until(
  missing: () => Promise<string | null> | string | null,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const began = performance.now();
  for (;;) {
    const lacks = await missing();
    if (lacks === null) return;
    if (performance.now() - began > patienceMs) throw new Error(`it never came true: ${lacks}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
