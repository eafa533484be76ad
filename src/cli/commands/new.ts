// Why this exists: a new guest is one small file; this writes it so that nobody has to remember how
// it begins.
import {readdir} from 'node:fs/promises';
import {join, relative} from 'node:path';
import type {Command} from 'commander';
import type {JsonObject} from '../../core/json.ts';
import {kinds} from '../../kinds/index.ts';
import {readManifests} from '../../manifest/read.ts';
import {manifestText} from '../../manifest/write.ts';
import type {CommandContext} from '../command-context.ts';
import {CommandError, EXIT, outJson} from '../io.ts';
import {absolute} from '../manifest-folder.ts';
import {writeNew} from '../new-file.ts';
import {countText, diagnosticsText} from '../print/diagnostics-text.ts';
import {safe} from '../print/style.ts';

interface NewOptions {
  readonly vmid: string;
  readonly folder?: string;
  readonly node?: string;
  readonly clone?: string;
  readonly linked?: boolean;
  readonly cores?: string;
  readonly memory?: string;
  readonly disk?: string;
  readonly storage?: string;
  readonly bridge?: string;
  readonly tag?: string;
  readonly ip?: string;
  readonly gw?: string;
  readonly user?: string;
  readonly power?: string;
  readonly adopt?: string;
}

const HELP = `
What is not said comes from the Defaults of the folder, or stays as Proxmox makes it. An existing
manifest is never overwritten.

Examples:
  pvegit new vm web-1 --vmid 150 --clone 9000 --memory 4GiB --disk 32GiB
  pvegit new vm web-2 --vmid 151 --clone 9000 --ip 10.0.70.51/24 --gw 10.0.70.1
  pvegit new vm old --vmid 1201 --adopt 5f1d0f3a-7a1b-4a7e-9d65-0c6a1b2f3e4d
`;

/** new vm */
export function registerNew(program: Command, context: CommandContext): void {
  const command = program.command('new').description('write a manifest');
  command
    .command('vm')
    .description('write the manifest of one virtual machine')
    .argument('<name>', 'its name')
    .requiredOption('--vmid <number>', 'its VMID')
    .option('--folder <path>', 'where (default: the only folder below clusters/, else here)')
    .option('--node <name>', 'where to create it')
    .option('--clone <vmid>', 'make it as a copy of this guest (default: from nothing)')
    .option('--linked', 'stand on the disks of the copied template instead of copying them')
    .option('--cores <number>', 'cores')
    .option('--memory <size>', 'memory with a unit, such as 4GiB')
    .option('--disk <size>', 'size of scsi0, such as 32GiB')
    .option('--storage <name>', 'storage of scsi0')
    .option('--bridge <name>', 'bridge of net0')
    .option('--tag <vlan>', 'VLAN of net0')
    .option('--ip <address>', 'address for cloud-init: 10.0.70.50/24 or dhcp')
    .option('--gw <address>', 'gateway for cloud-init')
    .option('--user <name>', 'user for cloud-init')
    .option('--power <state>', 'running, stopped or ignore (default: running if it is made)')
    .option('--adopt <witness>', 'take over the guest that has this smbios1 uuid')
    .addHelpText('after', HELP)
    .action((name: string, options: NewOptions) => newVm(context, name, options));
}

async function newVm(context: CommandContext, name: string, options: NewOptions): Promise<void> {
  const {io} = context;
  const folder =
    options.folder === undefined ? await usualFolder(io.cwd) : absolute(io, options.folder);
  const path = join(folder, `${name}.yaml`);
  const schema = relative(folder, join(io.cwd, 'schemas/VirtualMachine.json'));
  const value = manifestOf(name, options);
  const text = manifestText({value, schema, head: [], comments: {}});
  check(context, `${name}.yaml`, text);
  const shown = relative(io.cwd, path);
  if (!(await writeNew(path, text))) {
    throw new CommandError(`${shown} is there already`, 'Edit it, or choose another name.');
  }
  context.exit(EXIT.ok);
  if (context.options().json) return outJson(io, {file: path, manifest: value});
  io.out(`${io.style.good('wrote')} ${safe(shown)}`);
}

/** `clusters/home` where that is the only one, else the current folder. */
async function usualFolder(cwd: string): Promise<string> {
  const clusters = join(cwd, 'clusters');
  // Safe: a folder that is not there, or cannot be read, only means that the usual one is not it.
  const entries = await readdir(clusters, {withFileTypes: true}).catch(() => []);
  const [only, ...others] = entries.filter((entry) => entry.isDirectory());
  return only === undefined || others.length > 0 ? cwd : join(clusters, only.name);
}

function manifestOf(name: string, options: NewOptions): JsonObject {
  const {vmid, node, clone, linked, cores, memory, adopt, power} = options;
  const creation = clone === undefined ? {empty: {}} : {clone: cloneOf(clone, linked === true)};
  return {
    apiVersion: 'pvegit/v1',
    kind: 'VirtualMachine',
    metadata: given({name, annotations: given({'pvegit/adopt': adopt})}) ?? {},
    spec:
      given({
        vmid: asNumber(vmid),
        node,
        power: power ?? (adopt === undefined ? 'running' : undefined),
        ...(adopt === undefined ? creation : {}),
        cpu: given({cores: asNumber(cores)}),
        memory,
        disks: given({scsi0: given({storage: options.storage, size: options.disk})}),
        networks: given({net0: given({bridge: options.bridge, tag: asNumber(options.tag)})}),
        cloudInit: given({
          user: options.user,
          ipConfig: given({net0: given({ip: options.ip, gw: options.gw})}),
        }),
      }) ?? {},
  };
}

function cloneOf(vmid: string, linked: boolean): JsonObject {
  return {vmid: asNumber(vmid), full: !linked};
}

/** A map without what was not said; undefined when nothing was. */
function given(map: {readonly [key: string]: JsonObject[string]}): JsonObject | undefined {
  const said = Object.entries(map).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** Text that is no number stays text, so that the check below says what is wrong with it. */
function asNumber(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
}

/** Nothing wrong is written. */
function check({io}: CommandContext, path: string, text: string): void {
  const file = {path, blob: 'new', bytes: new TextEncoder().encode(text)};
  const {diagnostics} = readManifests({
    kinds,
    revision: {
      source: 'new',
      commit: 'new',
      branch: null,
      author: null,
      subject: null,
      committedAt: null,
      signature: {kind: 'unchecked'},
      ancestry: 'first',
      files: [file],
      skipped: [],
    },
  });
  // What Defaults say is not known here, so what is missing may come from them.
  const wrong = diagnostics.filter(({severity, code}) => {
    return severity === 'error' && !/-missing$/.test(code);
  });
  if (wrong.length === 0) return;
  io.err(`${diagnosticsText(wrong, io.errStyle)}\n`);
  throw new CommandError(`${countText(wrong)} in what was asked for`, 'Nothing was written.');
}
