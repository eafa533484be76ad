// Why this exists: every mistake of a folder of manifests, before anybody reviews or follows it.
// Nothing but the folder is read: no configuration, no cluster, no secret.
import {type Command, Option} from 'commander';
import type {ResourceKind} from '../../core/kind.ts';
import type {Diagnostic} from '../../core/model.ts';
import {kinds} from '../../kinds/index.ts';
import {API_RELEASES, type ApiRelease} from '../../pve/api/methods.ts';
import type {CommandContext} from '../command-context.ts';
import {EXIT, outJson} from '../io.ts';
import {type FolderManifests, readFolder} from '../manifest-folder.ts';
import {countText, diagnosticsText} from '../print/diagnostics-text.ts';
import {targetLines} from '../print/target-text.ts';
import {checkTarget, type TargetCheck} from '../rehearse/target.ts';

const HELP = `
Exit codes: 0 no mistake (warnings are shown), 1 at least one.

Defaults apply to their folder and below: validate the whole folder that a source follows.

With --target the requests that the manifests could lead to (create, change every declared field,
delete) are held against the API of that Proxmox VE release: a rehearsal of an upgrade.

Examples:
  pvegit validate
  pvegit validate clusters/home
  pvegit validate clusters/home --target 9.1
  pvegit validate clusters/home --json | jq '.diagnostics[].code'
`;

/** validate */
export function registerValidate(program: Command, context: CommandContext): void {
  program
    .command('validate')
    .description('check manifests; no cluster and no configuration is needed')
    .argument('[folder]', 'folder of manifests', '.')
    .addOption(
      new Option('--target <release>', 'what would break on this Proxmox VE').choices([
        ...API_RELEASES,
      ]),
    )
    .addHelpText('after', HELP)
    .action((folder: string, options: {target?: ApiRelease}) => {
      return validate(context, folder, options.target ?? null);
    });
}

async function validate(
  context: CommandContext,
  said: string,
  release: ApiRelease | null,
): Promise<void> {
  const {io} = context;
  const read = await readFolder(io, said);
  const {diagnostics} = read.manifests;
  const wrong = diagnostics.some(({severity}) => severity === 'error');
  const target = release === null ? null : rehearsed(read, release);
  context.exit(wrong || (target?.problems.length ?? 0) > 0 ? EXIT.error : EXIT.ok);
  if (context.options().json) return outJson(io, asJson(read, target));
  if (diagnostics.length > 0) io.out(`${diagnosticsText(diagnostics, io.style)}\n`);
  io.out(summary(read, diagnostics, wrong ? io.style.bad : io.style.good));
  if (target === null) return;
  for (const line of targetLines(target, read.manifests.complete, io.style)) io.out(line);
}

function rehearsed({manifests}: FolderManifests, release: ApiRelease): TargetCheck {
  const resources = kinds.filter((kind): kind is ResourceKind => kind.role === 'resource');
  return checkTarget(manifests, resources, release);
}

function asJson({folder, manifests}: FolderManifests, target: TargetCheck | null): unknown {
  const {diagnostics, documents, desired, complete} = manifests;
  return {
    folder,
    valid: complete,
    documents,
    resources: desired.map(({key, kind, name}) => ({key, kind, name})),
    diagnostics,
    ...(target === null ? {} : {target}),
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
