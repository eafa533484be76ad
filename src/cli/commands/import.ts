// Why this exists: an existing cluster comes under Git without being touched: its guests become
// manifests, and that the plan of them is empty is shown, not promised.
import {dirname, join, relative} from 'node:path';
import {type Command, Option} from 'commander';
import type {ResourceKind} from '../../core/kind.ts';
import {kinds} from '../../kinds/index.ts';
import {manifestText} from '../../manifest/write.ts';
import type {CommandContext} from '../command-context.ts';
import {findText} from '../config-file.ts';
import {checkImport} from '../import/check.ts';
import {
  type ImportedFile,
  importedFile,
  LAYOUTS,
  type Layout,
  placeGuests,
} from '../import/files.ts';
import type {Imported} from '../import/imported.ts';
import {inheritedBodies} from '../import/inherited.ts';
import {presentFiles, sourceFolder} from '../import/present.ts';
import {type TakenGuests, takeGuests} from '../import/take.ts';
import {CommandError, EXIT, outJson} from '../io.ts';
import {writeNew} from '../new-file.ts';
import {type OneShot, openOneShot} from '../one-shot.ts';
import {importLines, importNextLines} from '../print/import-text.ts';

interface ImportOptions {
  readonly cluster?: string;
  readonly vmid?: readonly string[];
  readonly pool?: readonly string[];
  readonly tag?: readonly string[];
  readonly layout: Layout;
  readonly folder?: string;
  readonly check?: boolean;
  readonly verbose?: boolean;
}

const HELP = `
Each manifest says only what differs from Proxmox's defaults and names the guest's identity in
pvegit/adopt: adopting it writes one line into its description and nothing else. What cannot be
managed is said in a comment. Existing files, and guests that a manifest names, are left alone.

Exit codes: 0 the plan of what was imported is empty but for adoption, 1 it is not.

Examples:
  pvegit import --check                  prove it, and write nothing
  pvegit import                          the whole cluster, one file a guest
  pvegit import --vmid 100-199 --layout node
  pvegit import --pool web --tag prod --folder clusters/home

To try it on a host that does not exist, in an empty folder:
  pvegit simulate --scene neve --listen 8006                                # in another terminal
  pvegit init --cluster neve --url https://127.0.0.1:8006 --accept-pin
  export PVEGIT_NEVE_TOKEN=…                                                # as simulate prints it
  pvegit import --check
`;

/** import */
export function registerImport(program: Command, context: CommandContext): void {
  program
    .command('import')
    .description('write manifests of guests that exist')
    .option('--cluster <name>', 'where there are several')
    .option('--vmid <ids...>', 'these guests: 150 or 150-299')
    .option('--pool <names...>', 'the guests of these pools')
    .option('--tag <tags...>', 'the guests with one of these tags')
    .addOption(
      new Option('--layout <layout>', 'a folder for each node or pool, or none')
        .choices([...LAYOUTS])
        .default('flat'),
    )
    .option('--folder <path>', 'where (default: the folder that the source follows)')
    .option('--check', 'write nothing; show that the plan would be empty')
    .option('-v, --verbose', 'log every request')
    .addHelpText('after', HELP)
    .action(async (options: ImportOptions) => {
      const world = await openOneShot(context, options);
      try {
        await importGuests(context, world, options);
      } finally {
        await world.close();
      }
    });
}

async function importGuests(
  context: CommandContext,
  world: OneShot,
  options: ImportOptions,
): Promise<void> {
  const {io} = context;
  const [setup, second] = world.setups;
  if (setup === undefined || second !== undefined) {
    throw new CommandError('there are several clusters', 'Add --cluster NAME.');
  }
  const {parts} = setup;
  const {vmid = [], pool = [], tag = []} = options;
  for (const said of vmid) checkVmid(said);
  const taken = await takeGuests({
    pve: parts.pve,
    clock: parts.clock,
    kinds: kinds.filter((kind): kind is ResourceKind => kind.role === 'resource'),
    installation: parts.installation,
    readsPerNode: parts.limits.readsPerNode,
    selection: {vmids: vmid, pools: pool, tags: tag},
    signal: io.signal,
  });
  if (taken.failure !== null) {
    throw new CommandError(`the cluster cannot be read: ${taken.failure}`, 'Try: pvegit doctor');
  }
  checkChosen(taken, options);
  const made = await makeFiles(context, world, options, taken);
  const written = options.check ? null : await writeFiles(made);
  const imported: Imported = {...made, written};
  const good = isGood(imported);
  context.exit(good ? EXIT.ok : EXIT.error);
  if (context.options().json) return outJson(io, asJson(imported));
  for (const line of importLines(imported, io.cwd, io.style)) io.out(line);
  if (io.interactive) for (const line of importNextLines(imported, io.style)) io.out(line);
}

function checkVmid(said: string): void {
  if (/^[1-9][0-9]{2,8}(?:-[1-9][0-9]{2,8})?$/.test(said)) return;
  throw new CommandError(`"${said}" is neither a VMID nor a range`, 'Write 150 or 150-299.');
}

/** A choice that meets nothing is a slip of the pen, not an import without a difference. */
function checkChosen({guests, skipped}: TakenGuests, {vmid = [], pool, tag}: ImportOptions): void {
  const there = [...guests.map(({observed}) => observed.key), ...skipped.map(({id}) => id)];
  const ids = new Set(there.map((id) => id.split('/')[1]));
  const absent = vmid.filter((said) => !said.includes('-') && !ids.has(said));
  const isChoice = vmid.length > 0 || pool !== undefined || tag !== undefined;
  if (absent.length === 0 && (ids.size > 0 || !isChoice)) return;
  const about =
    absent.length === 0 ? 'no guest is chosen by this' : `no guest ${absent.join(', ')}`;
  throw new CommandError(`${about}; or its token may not see it`, 'pvegit plan --all lists them.');
}

async function makeFiles(
  context: CommandContext,
  {config, setups, journal}: OneShot,
  options: ImportOptions,
  taken: TakenGuests,
): Promise<Omit<Imported, 'written'>> {
  const [setup] = setups;
  const cluster = taken.inventory.cluster;
  const {file} = await findText(context);
  const source = config.sources.find((one) => one.cluster === cluster) ?? null;
  const folder = sourceFolder({source, cluster, cwd: context.io.cwd, said: options.folder});
  const present = await presentFiles(folder);
  const guests = taken.guests.filter(({observed}) => !present.keys.has(observed.key));
  const placed = placeGuests(guests, options.layout, {
    names: present.names,
    paths: present.files.map(({path}) => path),
  });
  const inherited = inheritedBodies(
    present.files,
    placed.map((one) => one.folder),
  );
  const schemas = join(dirname(file), 'schemas/VirtualMachine.json');
  const files = placed.flatMap((one) => {
    const exported = one.guest.kind.export?.({
      observed: one.guest.observed,
      name: one.name,
      inherited: inherited.get(one.folder) ?? {},
      inventory: taken.inventory,
    });
    if (exported === undefined) return [];
    const schema = relative(join(folder, one.folder), schemas);
    return [importedFile(one, exported, {inventory: taken.inventory, schema})];
  });
  const check = checkImport({
    imported: files,
    present: present.files,
    inventory: taken.inventory,
    installation: setup?.parts.installation ?? '',
    source: source?.name ?? 'import',
    records: journal.records(cluster),
  });
  const known = taken.guests.filter(({observed}) => present.keys.has(observed.key));
  const alone = known.map(({observed}) => {
    return {key: observed.key, name: observed.name};
  });
  return {folder, taken, present: alone, files, check};
}

async function writeFiles(made: {
  readonly folder: string;
  readonly files: readonly ImportedFile[];
}): Promise<readonly string[]> {
  const written: string[] = [];
  for (const {path, written: manifest} of made.files) {
    if (await writeNew(join(made.folder, path), manifestText(manifest))) written.push(path);
  }
  return written;
}

function isGood({check, taken, files, written}: Imported): boolean {
  const wrong = check.different.length + check.diagnostics.length;
  const failed = taken.skipped.filter((one) => one.failed).length;
  return wrong === 0 && failed === 0 && (written === null || written.length === files.length);
}

function asJson({folder, taken, present, files, check, written}: Imported): unknown {
  const guests = files.map(({path, name, exported, guest}) => {
    return {key: guest.observed.key, name, path, manifest: exported.value, notes: exported.notes};
  });
  const alone = present.map(({key}) => key);
  return {folder, written, guests, present: alone, skipped: taken.skipped, check};
}
