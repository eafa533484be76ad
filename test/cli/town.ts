// Why this exists: commands are tested against a whole world: a listening simulator, a repository
// that the test edits, and a desk to type at, all gone at the end.
import {join} from 'node:path';
import {createRepository, type DemoRepository} from '../../src/cli/demo/repository.ts';
import {DEMO_ENVIRONMENT, demoConfig} from '../../src/cli/demo/scene.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {type Listening, listen} from '../../src/simulator/listen.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {type Desk, openDesk, type Ran} from '../builders/terminal.ts';
import {freePort} from '../fixtures/free-port.ts';
import {PATIENCE_MS} from '../fixtures/patience.ts';

/** A world of one cluster, called harness, followed from one repository. */
export interface Town {
  readonly desk: Desk;
  readonly simulator: Cluster;
  readonly server: Listening;
  readonly repository: DemoRepository;
  /** Types a command at the desk. */
  run(...words: readonly string[]): Promise<Ran>;
  /** Starts the controller in this process; resolves once its first pass is over. */
  follow(): Promise<void>;
  /** Stops the controller; its exit code. */
  rest(): Promise<number>;
  /** Asks until it is so. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  end(): Promise<void>;
}

/** How much faster than real time the cluster works. */
const SPEED = 100;

/** Builds it; `policy` replaces the last lines of the configuration. */
export async function buildTown(policy?: string): Promise<Town> {
  const desk = openDesk();
  const simulator = demoCluster({nowMs: Date.now()});
  const server = await listen(simulator, {speed: SPEED});
  desk.write('example/defaults.yaml', DEFAULTS);
  desk.write('example/web.yaml', WEB);
  const repository = await createRepository(desk.folder, join(desk.folder, 'example'));
  Object.assign(desk.env, DEMO_ENVIRONMENT);
  const text = demoConfig(desk.folder, repository.url, server, await freePort());
  desk.write('pvegit.yaml', policy === undefined ? text : text.replace(/policy:[\s\S]*$/, policy));
  const state: {abort: AbortController; running: Promise<Ran> | null} = {
    abort: new AbortController(),
    running: null,
  };
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    const began = performance.now();
    while (!(await holds())) {
      if (performance.now() - began > PATIENCE_MS) throw new Error(`never true: ${holds}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  const rest = async (): Promise<number> => {
    state.abort.abort();
    const ran = await state.running;
    state.running = null;
    return ran?.code ?? 0;
  };
  return {
    desk,
    simulator,
    server,
    repository,
    run: (...words) => desk.run(words),
    follow: async () => {
      state.abort = new AbortController();
      state.running = desk.run(['run', '--log-level', 'error'], state.abort.signal);
      await until(async () => (await statusOf(desk)) !== null);
    },
    rest,
    until,
    end: async () => {
      await rest();
      await server.close();
      desk.end();
    },
  };
}

async function statusOf(desk: Desk): Promise<unknown> {
  const {out} = await desk.run(['status', '--json']);
  return JSON.parse(out).clusters[0]?.counts ?? null;
}

/** The fingerprint of the held action on a guest, as a plan shows it: sixteen digits. */
export async function heldDigits(town: Town, vmid: number): Promise<string> {
  const {out} = await town.run('plan', '--json');
  // Safe: the shape that `plan --json` promises, as far as it is read here.
  const [report] = JSON.parse(out) as {
    readonly plan: {
      readonly actions: readonly {readonly vmid: number; readonly fingerprint: string}[];
    };
  }[];
  return (
    report?.plan.actions.find((action) => action.vmid === vmid)?.fingerprint.slice(0, 16) ?? ''
  );
}

const DEFAULTS = `apiVersion: pvegit/v1
kind: Defaults
metadata: {name: harness}
spec:
  VirtualMachine: {node: pve1}
`;

/** The one guest of the town: 150, called web. */
export const WEB = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: web}
spec:
  vmid: 150
  power: running
  clone: {vmid: 100, full: true}
  memory: 2GiB
  tags: [first]
`;
