// Why this exists: which settings are in force, and who said so: the file, a variable or a default.
import type {Command} from 'commander';
import type {Setting} from '../../config/model.ts';
import type {CommandContext} from '../command-context.ts';
import {readConfigFile} from '../config-file.ts';
import {outJson} from '../io.ts';
import {pad, safe} from '../print/style.ts';

const HELP = `
Secrets are never in the configuration, only where they are found; credentials in an address are
hidden all the same.

Examples:
  pvegit config show
  PVEGIT_LISTEN=127.0.0.1:9999 pvegit config show
  pvegit config show --json | jq -r '.settings[] | select(.from != "default") | .pointer'
`;

/** config show */
export function registerConfig(program: Command, context: CommandContext): void {
  const config = program.command('config').description('the configuration');
  config
    .command('show')
    .description('the effective configuration, with where each value came from')
    .addHelpText('after', HELP)
    .action(() => show(context));
}

async function show(context: CommandContext): Promise<void> {
  const {io} = context;
  const {file, settings} = await readConfigFile(context);
  const shown = settings.map((setting) => ({...setting, value: withoutCredentials(setting)}));
  if (context.options().json) return outJson(io, {file, settings: shown});
  const width = Math.max(...shown.map(({pointer}) => pointer.length));
  for (const {pointer, value, from} of shown) {
    const place = from === 'default' ? io.style.dim(from) : io.style.accent(safe(from));
    io.out(`${pad(safe(pointer), width)}  ${pad(safe(value), 24)}  ${place}`);
  }
}

/** `https://user:password@host` and `https://token@host` without what is between. */
function withoutCredentials({value}: Setting): string {
  return value.replace(/(\/\/)[^/@\s]*@/g, '$1(hidden)@');
}
