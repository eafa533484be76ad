// Why this exists: every mistake of a folder of manifests, before anybody reviews or follows it.
// Nothing but the folder is read: no configuration, no cluster, no secret.
import type {Command} from 'commander';
import type {Diagnostic} from '../../core/model.ts';
import type {CommandContext} from '../command-context.ts';
import {EXIT, outJson} from '../io.ts';
import {type FolderManifests, readFolder} from '../manifest-folder.ts';
import {countText, diagnosticsText} from '../print/diagnostics-text.ts';

const HELP = `
Exit codes: 0 no mistake (warnings are shown), 1 at least one.

Defaults apply to their folder and below: validate the whole folder that a source follows.

Examples:
  pvegit validate
  pvegit validate clusters/home
  pvegit validate clusters/home --json | jq '.diagnostics[].code'
`;

/** validate */
export function registerValidate(program: Command, context: CommandContext): void {
  program
    .command('validate')
    .description('check manifests; no cluster and no configuration is needed')
    .argument('[folder]', 'folder of manifests', '.')
    .addHelpText('after', HELP)
    .action((folder: string) => validate(context, folder));
}

async function validate(context: CommandContext, said: string): Promise<void> {
  const {io} = context;
  const read = await readFolder(io, said);
  const {diagnostics} = read.manifests;
  const wrong = diagnostics.some(({severity}) => severity === 'error');
  context.exit(wrong ? EXIT.error : EXIT.ok);
  if (context.options().json) return outJson(io, asJson(read));
  if (diagnostics.length > 0) io.out(`${diagnosticsText(diagnostics, io.style)}\n`);
  io.out(summary(read, diagnostics, wrong ? io.style.bad : io.style.good));
}

function asJson({folder, manifests}: FolderManifests): unknown {
  const {diagnostics, documents, desired, complete} = manifests;
  return {
    folder,
    valid: complete,
    documents,
    resources: desired.map(({key, kind, name}) => ({key, kind, name})),
    diagnostics,
  };
}

function summary(
  {shown, manifests}: FolderManifests,
  diagnostics: readonly Diagnostic[],
  paint: (text: string) => string,
): string {
  const {documents, desired} = manifests;
  const read = `${documents} valid document${documents === 1 ? '' : 's'}`;
  const meant = `${desired.length} resource${desired.length === 1 ? '' : 's'}`;
  return `${paint(countText(diagnostics))} in ${shown}: ${read}, ${meant}.`;
}
