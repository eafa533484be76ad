// Why this exists: with Defaults and sets, what a guest is told is spread over files; here it is
// whole, each field with the file and line that says it.
import type {Command} from 'commander';
import type {FieldValue} from '../../core/model.ts';
import {type RenderedField, type RenderedResource, renderDesired} from '../../manifest/render.ts';
import type {CommandContext} from '../command-context.ts';
import {CommandError, EXIT, type Io, outJson} from '../io.ts';
import {readFolder} from '../manifest-folder.ts';
import {countText, diagnosticsText} from '../print/diagnostics-text.ts';
import {pad, safe} from '../print/style.ts';

interface RenderOptions {
  readonly only?: readonly string[];
}

const HELP = `
Values are in their normal form: sizes in bytes, durations in seconds, null is "must be absent".

Examples:
  pvegit render clusters/home
  pvegit render clusters/home --only neo4j-db qemu/200
  pvegit render clusters/home --json | jq '.[].fields[] | select(.inherited)'
`;

/** render */
export function registerRender(program: Command, context: CommandContext): void {
  program
    .command('render')
    .description('show every field of every resource with the file and line it came from')
    .argument('[folder]', 'folder of manifests', '.')
    .option('--only <resource...>', 'names or qemu/VMID')
    .addHelpText('after', HELP)
    .action((folder: string, options: RenderOptions) => render(context, folder, options));
}

async function render(context: CommandContext, said: string, options: RenderOptions) {
  const {io} = context;
  const {manifests} = await readFolder(io, said);
  const errors = manifests.diagnostics.filter(({severity}) => severity === 'error');
  if (errors.length > 0) {
    io.err(`${diagnosticsText(errors, io.errStyle)}\n`);
    io.err(`${countText(errors)}: what is wrong is left out below.`);
    context.exit(EXIT.error);
  }
  const shown = chosen(renderDesired(manifests), options.only ?? []);
  if (context.options().json) return outJson(io, shown);
  io.out(shown.map((resource) => resourceText(resource, io)).join('\n\n'));
}

function chosen(
  resources: readonly RenderedResource[],
  only: readonly string[],
): readonly RenderedResource[] {
  const found = only.map((said) => {
    const vmid = /^(?:(?:qemu|lxc|guest)\/)?([1-9][0-9]{2,8})$/.exec(said)?.[1];
    const matching = resources.filter(
      ({key, name}) => name === said || key === said || key === `guest/${vmid ?? ''}`,
    );
    if (matching.length > 0) return matching;
    throw new CommandError(`no resource here is called "${said}"`, 'Leave --only out to see all.');
  });
  return only.length === 0 ? resources : [...new Set(found.flat())];
}

function resourceText({key, kind, name, file, line, fields}: RenderedResource, io: Io): string {
  const {style} = io;
  const place = style.dim(`${safe(file)}:${line}`);
  const head = `${style.bold(`${key} ${safe(name)}`)}  ${kind}  ${place}`;
  return [head, ...fields.map((field) => fieldText(field, io))].join('\n');
}

function fieldText({path, value, from, inherited}: RenderedField, {style}: Io): string {
  const place = from === null ? 'derived' : `${safe(from.file)}:${from.line}`;
  const paint = inherited ? style.accent : style.dim;
  return `  ${pad(path, 30)} ${pad(valueText(value), 32)} ${paint(place)}`;
}

function valueText(value: FieldValue): string {
  if (typeof value === 'string') return safe(value);
  if (value !== null && typeof value === 'object' && 'secretRef' in value) {
    return `(secret ${safe(value.secretRef.name)}.${safe(value.secretRef.key)})`;
  }
  return safe(JSON.stringify(value));
}
