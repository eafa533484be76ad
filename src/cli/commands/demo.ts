// Why this exists: the first thing that a newcomer runs: a whole cluster, repository and
// controller on their own machine, in a minute, with nothing left behind.
import type {Command} from 'commander';
import type {CommandContext} from '../command-context.ts';
import {type Scene, setScene} from '../demo/scene.ts';
import {STEPS, type Step} from '../demo/script.ts';
import {welcome} from '../demo/welcome.ts';
import {CommandError, EXIT, outJson} from '../io.ts';
import {portNumber, positive} from '../parse-number.ts';
import {shownDuration} from '../print/style.ts';

interface DemoOptions {
  readonly once?: boolean;
  readonly port: string;
  readonly speed: string;
}

const HELP = `
Starts a simulated Proxmox cluster (TLS, tokens, tasks that take time), a Git repository with an
example, and the controller. It stays until Ctrl-C. With --once it plays a whole story as a
script, checks each step against the simulated cluster's own state, and exits 0 only if all held.

Examples:
  pvegit demo
  pvegit demo --once
`;
const STEP_TIMEOUT_MS = 120_000;
const LOOK_MS = 100;
const TEMPLATE = 100;

/** demo */
export function registerDemo(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .description('a simulated cluster, a repository and a controller, to try')
    .option('--once', 'play the whole story as a script, verify it and exit')
    .option('--port <port>', 'port of status and metrics (0: any free one)', '0')
    .option('--speed <factor>', 'how much faster than real time tasks are', '1')
    .addHelpText('after', HELP)
    .action(async (options: DemoOptions) => {
      const hangUp = new AbortController();
      const closed = (): void => hangUp.abort();
      process.on('SIGHUP', closed);
      try {
        await demo(endedBy(context, hangUp.signal), options);
      } finally {
        process.off('SIGHUP', closed);
      }
    });
}

/** Who closes the terminal has ended the demo; a controller alone would read its file again. */
function endedBy(context: CommandContext, signal: AbortSignal): CommandContext {
  const {io} = context;
  return {...context, io: {...io, signal: AbortSignal.any([io.signal, signal])}};
}

async function demo(context: CommandContext, options: DemoOptions): Promise<void> {
  const scene = await setScene(context, {
    port: portNumber(options.port, '--port'),
    speed: positive(options.speed, '--speed'),
  });
  try {
    context.exit(options.once ? await playOnce(context, scene) : await stay(context, scene));
  } finally {
    await scene.end();
  }
}

interface StepResult {
  readonly title: string;
  readonly seconds: number;
  readonly missing: string | null;
}

async function playOnce(context: CommandContext, scene: Scene): Promise<number> {
  const {io} = context;
  const {style} = io;
  const json = context.options().json === true;
  const results: StepResult[] = [];
  for (const step of STEPS) {
    const result = await play(step, scene, io.signal);
    results.push(result);
    const time = shownDuration(result.seconds * 1000);
    const line = `${time.padStart(8)}  ${result.title}`;
    if (!json) {
      io.out(result.missing === null ? `${style.good('✓')} ${line}` : `${style.bad('✗')} ${line}`);
      if (result.missing !== null) io.out(`            ${style.bad(result.missing)}`);
    }
    if (result.missing !== null) break;
  }
  const held = results.filter(({missing}) => missing === null).length;
  const all = held === STEPS.length;
  if (json) outJson(io, {steps: results, held, of: STEPS.length});
  else {
    const said = `${held} of ${STEPS.length} steps held, verified in the simulated cluster.`;
    io.out(all ? style.good(said) : style.bad(said));
  }
  return all ? EXIT.ok : EXIT.error;
}

async function play(step: Step, scene: Scene, signal: AbortSignal): Promise<StepResult> {
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  const {title} = step;
  try {
    await step.act(scene);
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    return {title, seconds: seconds(), missing: because};
  }
  for (;;) {
    const missing = step.missing(scene);
    if (missing === null) return {title, seconds: seconds(), missing};
    if (signal.aborted) return {title, seconds: seconds(), missing: 'stopped'};
    if (seconds() * 1000 > STEP_TIMEOUT_MS) return {title, seconds: seconds(), missing};
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function stay(context: CommandContext, scene: Scene): Promise<number> {
  const {io} = context;
  io.out(io.style.dim('Creating what the repository describes …'));
  const [first] = STEPS;
  if (first === undefined) throw new CommandError('the demo has no steps', '');
  const tell = teller(context, scene);
  while (first.missing(scene) !== null && !io.signal.aborted) {
    tell();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  tell();
  if (!io.signal.aborted) io.out(welcome(scene, io.style));
  await scene.controller.ended;
  return EXIT.ok;
}

/** Says of each guest once that it runs, and when it did. */
function teller({io}: CommandContext, scene: Scene): () => void {
  const told = new Set<number>();
  const began = performance.now();
  return () => {
    for (const [vmid, guest] of scene.simulator.guests) {
      if (vmid === TEMPLATE || told.has(vmid) || guest.runtime === undefined) continue;
      told.add(vmid);
      const time = shownDuration(performance.now() - began);
      const name = guest.config.get('name') ?? '';
      io.out(`${io.style.good('✓')} qemu/${vmid} ${name} runs  ${io.style.dim(time)}`);
    }
  };
}
