// Why this exists: the controller: it follows every configured repository until it is told to stop.
import {type Command, Option} from 'commander';
import {createLog, type LogLevel} from '../../status/log.ts';
import {createProblemLog} from '../../status/problem-log.ts';
import type {CommandContext} from '../command-context.ts';
import {CommandError} from '../io.ts';
import {startController} from '../run-controller.ts';

const HELP = `
Stops cleanly on Ctrl-C or SIGTERM within ten seconds: no new step is started, running tasks are
left to Proxmox and taken up again at the next start. SIGHUP reads the configuration again; a bad
one keeps the old.

Examples:
  pvegit run
  pvegit --config /etc/pvegit/pvegit.yaml run
`;

/** run */
export function registerRun(program: Command, context: CommandContext): void {
  program
    .command('run')
    .description('follow the repositories, until stopped')
    .addOption(
      new Option('--log-level <level>', 'how much is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .addHelpText('after', HELP)
    .action(async (options: {logLevel: LogLevel}) => {
      const {logLevel} = options;
      const {interactive, errStyle} = context.io;
      const log = createLog({level: logLevel, pretty: interactive, colour: errStyle.colours});
      const onReport = createProblemLog(log);
      const started = startController(context, {logLevel, onReport});
      const controller = await started.catch((error: unknown) => {
        throw notListening(error) ?? error;
      });
      context.exit(await controller.ended);
    });
}

/** What keeps it from listening, with the way on; null for any other failure. */
function notListening(error: unknown): CommandError | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (typeof code !== 'string' || !(error instanceof Error)) return null;
  const remedy = REMEDIES.get(code);
  return remedy === undefined ? null : new CommandError(error.message, remedy);
}

const OTHER = 'name another address: listen in the configuration, or PVEGIT_LISTEN.';
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', `If a controller runs already, that one goes on (pvegit status); else ${OTHER}`],
  ['EADDRNOTAVAIL', `This machine has no such address; ${OTHER}`],
]);
