// Why this exists: the order in which one fleet is measured, and what a measurement is.
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {demoSecret} from '../src/simulator/build.ts';
import {type Child, startChild} from './child.ts';
import {manifestOf, pathOf, vmids} from './fleet.ts';
import type {BareAnswers, Blocks, ControllerAnswers, Passed, SimulatorAnswers} from './messages.ts';
import {type BenchRepository, createRepository} from './repository.ts';

/** What one scenario cost; the names are those of the JSON that is printed. */
export interface Measurement {
  readonly scenario:
    | 'first-start'
    | 'cold-start'
    | 'full-pass'
    | 'unchanged-pass'
    | 'one-file-commit';
  readonly guests: number;
  readonly requests: number;
  readonly wall_ms: number;
  readonly bare_ms: number;
  readonly ratio: number;
  readonly cpu_ms: number;
  readonly rss_mib: number;
  readonly max_block_ms: number;
  /** The part of it that was the controller's own work. */
  readonly max_block_cpu_ms: number;
  /** From the commit to the first write; only where there is one. */
  readonly write_ms?: number;
  readonly stages: {readonly [stage: string]: number};
}

const READS_PER_NODE = 3;
const TOKEN = `pvegit@pve!controller=${demoSecret}`;

/** Measures one fleet from nothing to a commit; leaves nothing behind. */
export async function measureFleet(
  guests: number,
  options: {
    readonly repeats: number;
    /** Folder of the built processes. */
    readonly built: string;
    /** Where processor profiles of the controller go. */
    readonly profile: string | null;
    readonly onMeasured: (one: Measurement) => void;
  },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pvegit-bench-'));
  const {built, profile} = options;
  const simulator = startChild<SimulatorAnswers>(join(built, 'simulator-process.js'));
  const bare = startChild<BareAnswers>(join(built, 'bare-process.js'));
  const bench = new Bench(guests, {folder, simulator, bare, built, profile});
  try {
    await bench.prepare();
    options.onMeasured(await bench.start('first-start'));
    options.onMeasured(await bench.start('cold-start'));
    await bench.warmUp();
    for (const scenario of ['full-pass', 'unchanged-pass', 'one-file-commit'] as const) {
      options.onMeasured(await bench.repeat(options.repeats, scenario));
    }
  } finally {
    await bench.end();
    await Promise.all([simulator.end(), bare.end()]);
    await rm(folder, {recursive: true, force: true});
  }
}

interface Parts {
  readonly folder: string;
  readonly simulator: Child<SimulatorAnswers>;
  readonly bare: Child<BareAnswers>;
  readonly built: string;
  readonly profile: string | null;
}

/** One fleet's processes: a class because they have a lifetime. */
class Bench {
  readonly #guests: number;
  readonly #parts: Parts;
  readonly #repository: BenchRepository;
  #url = '';
  #controller: Child<ControllerAnswers> | null = null;
  #commits = 0;

  constructor(guests: number, parts: Parts) {
    this.#guests = guests;
    this.#parts = parts;
    this.#repository = createRepository(parts.folder);
  }

  async prepare(): Promise<void> {
    const {folder, simulator} = this.#parts;
    const {url, fingerprint} = await simulator.ask('start', this.#guests);
    this.#url = url;
    const all = vmids(this.#guests).map((vmid) => [pathOf(vmid), manifestOf(vmid)]);
    this.#repository.commit('The fleet', Object.fromEntries(all));
    const config = configText({folder, url, fingerprint, repository: this.#repository.url});
    await writeFile(join(folder, 'pvegit.yaml'), config);
  }

  /** A new process on the same data folder, to the end of its first pass. */
  async start(scenario: Measurement['scenario']): Promise<Measurement> {
    const {folder, simulator, built, profile} = this.#parts;
    await this.#stop();
    const profiling = profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    // As `pvegit run` begins (bin/lean.mjs).
    const execArgv = ['--max-semi-space-size=4', ...profiling];
    const env = {BENCH_TOKEN: TOKEN, MALLOC_ARENA_MAX: '1'};
    this.#controller = startChild<ControllerAnswers>(join(built, 'controller-process.js'), {
      env,
      execArgv,
    });
    const passed = await this.#controller.ask('start', join(folder, 'pvegit.yaml'));
    return this.#measured(scenario, passed, await simulator.ask('reads'));
  }

  /** The bare loop has run twice by now; the controller, which just started, runs as often. */
  async warmUp(): Promise<void> {
    await this.#pass('full-pass');
    await this.#pass('full-pass');
  }

  /** The same several times; the one with the middle ratio counts. */
  async repeat(times: number, scenario: Measurement['scenario']): Promise<Measurement> {
    const all: Measurement[] = [];
    for (let time = 0; time < times; time += 1) all.push(await this.#pass(scenario));
    const sorted = all.sort((a, b) => a.ratio - b.ratio);
    const middle = sorted[Math.floor(sorted.length / 2)];
    if (middle === undefined) throw new Error('nothing was measured');
    return middle;
  }

  async end(): Promise<void> {
    await this.#stop();
  }

  async #pass(scenario: Measurement['scenario']): Promise<Measurement> {
    const {simulator} = this.#parts;
    if (this.#controller === null) throw new Error('no controller runs');
    this.#commit(scenario);
    const committedAt = Date.now();
    const passed = await this.#controller.ask('pass');
    const block = await this.#look(this.#controller);
    const reads = await simulator.ask('reads');
    const blocks = {
      wallMs: Math.max(passed.blocks.wallMs, block.wallMs),
      cpuMs: Math.max(passed.blocks.cpuMs, block.cpuMs),
    };
    const worst = {...passed, blocks};
    if (scenario !== 'one-file-commit') return this.#measured(scenario, worst, reads);
    const firstWriteAt = await this.#settle(this.#controller);
    const measured = await this.#measured(scenario, worst, reads.slice(0, passed.requests));
    return {...measured, write_ms: round(firstWriteAt - committedAt)};
  }

  /** What somebody who looks makes the controller do; the longest block of it. */
  async #look(controller: Child<ControllerAnswers>): Promise<Blocks> {
    const url = await controller.ask('watch');
    for (const path of ['/metrics', '/api/v1/status', '/']) {
      const answered = await fetch(`${url}${path}`);
      await answered.arrayBuffer();
      if (!answered.ok) throw new Error(`${path} answers ${answered.status}`);
    }
    return controller.ask('watched');
  }

  #commit(scenario: Measurement['scenario']): void {
    if (scenario === 'unchanged-pass') return;
    this.#commits += 1;
    const [vmid = 0] = vmids(1);
    const text = manifestOf(vmid, ['bench', `commit-${this.#commits}`]);
    if (scenario === 'one-file-commit') this.#repository.commit('A tag', {[pathOf(vmid)]: text});
    else this.#repository.commit('Words', {'NOTES.md': `Note ${this.#commits}\n`});
  }

  /** The write's task and the passes after it end before anything else is measured. */
  async #settle(controller: Child<ControllerAnswers>): Promise<number> {
    for (let tries = 0; tries < 20; tries += 1) {
      const {states} = await controller.ask('pass');
      if (states['in_sync'] !== this.#guests) continue;
      const firstWriteAt = await this.#parts.simulator.ask('firstWriteAt');
      if (firstWriteAt > 0) return firstWriteAt;
    }
    throw new Error('the commit led to no write');
  }

  async #measured(
    scenario: Measurement['scenario'],
    passed: Passed,
    reads: readonly string[],
  ): Promise<Measurement> {
    const inSync = passed.states['in_sync'] ?? 0;
    if (inSync < this.#guests - (scenario === 'one-file-commit' ? 1 : 0)) {
      const why = passed.problems.join('; ');
      throw new Error(`${scenario}: ${inSync} of ${this.#guests} guests are in sync. ${why}`);
    }
    const job = {url: this.#url, token: TOKEN, reads, perNode: READS_PER_NODE};
    const {wallMs} = await this.#parts.bare.ask('loop', job);
    await this.#parts.simulator.ask('reads');
    return {
      scenario,
      guests: this.#guests,
      requests: reads.length,
      wall_ms: round(passed.wallMs),
      bare_ms: round(wallMs),
      ratio: Math.round((passed.wallMs / wallMs) * 100) / 100,
      cpu_ms: round(passed.cpuMs),
      rss_mib: round(passed.rssMib),
      max_block_ms: round(passed.blocks.wallMs),
      max_block_cpu_ms: round(passed.blocks.cpuMs),
      stages: Object.fromEntries(
        Object.entries(passed.stages).map(([stage, ms]) => [stage, round(ms)]),
      ),
    };
  }

  async #stop(): Promise<void> {
    const controller = this.#controller;
    this.#controller = null;
    if (controller === null) return;
    await controller.ask('stop');
    await controller.end();
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function configText(parts: {
  readonly folder: string;
  readonly url: string;
  readonly fingerprint: string;
  readonly repository: string;
}): string {
  return `installation: bench
data: ${join(parts.folder, 'data')}
listen: 127.0.0.1:0
clusters:
  bench:
    endpoints:
      - {url: ${JSON.stringify(parts.url)}, sha256: ["${parts.fingerprint}"]}
    token: {env: BENCH_TOKEN}
    concurrency: {readsPerNode: ${READS_PER_NODE}}
sources:
  - name: fleet
    cluster: bench
    url: ${JSON.stringify(parts.repository)}
    branch: main
    interval: 1h
    engine: program
    scope: {vmids: [1000-99999999], nodes: ["*"], storages: ["*"], bridges: ["*"], kinds: ["*"]}
policy: {benign: automatic}
`;
}
