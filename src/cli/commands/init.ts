// Why this exists: from an empty folder to a configuration and a first manifest, without ever
// trusting a certificate that nobody has compared.
import {join} from 'node:path';
import type {Command} from 'commander';
import {lookAtLeaf} from '../../pve/leaf.ts';
import type {CommandContext} from '../command-context.ts';
import {SHOW_CERTIFICATE} from '../doctor/connection.ts';
import {
  type Beginning,
  configText,
  defaultsText,
  exampleText,
  tokenVariable,
} from '../init/files.ts';
import {schemaFiles} from '../init/schemas.ts';
import {CommandError, EXIT, type Io, outJson} from '../io.ts';
import {absolute} from '../manifest-folder.ts';
import {writeNew} from '../new-file.ts';
import {safe} from '../print/style.ts';

interface InitOptions {
  readonly cluster: string;
  readonly installation?: string;
  readonly url?: string;
  readonly acceptPin?: boolean;
  readonly pin?: string;
  readonly node: string;
  readonly storage: string;
  readonly bridge: string;
  readonly repository?: string;
}

const HELP = `
Nothing that exists is overwritten. With --url the certificate of the node is looked at and shown;
it becomes the pin only with --accept-pin, once you have compared it, or by --pin.

Examples:
  pvegit init
  pvegit init --cluster home --url https://192.0.2.10:8006
  pvegit init --cluster home --url https://192.0.2.10:8006 --pin AB:CD:…
  pvegit init lab --repository https://git.example/infra.git --node pve2 --storage local-zfs
`;

/** init */
export function registerInit(program: Command, context: CommandContext): void {
  program
    .command('init')
    .description('write pvegit.yaml, the web page’s defaults and an example manifest')
    .argument('[folder]', 'where', '.')
    .option('--cluster <name>', 'name of the cluster', 'home')
    .option('--installation <name>', 'name of this installation (default: the cluster’s)')
    .option('--url <url>', 'a node, such as https://192.0.2.10:8006')
    .option('--accept-pin', 'pin the certificate that the node shows: compare it first')
    .option('--pin <sha256>', 'pin this certificate')
    .option('--node <name>', 'node for new guests', 'pve1')
    .option('--storage <name>', 'storage for new disks', 'local-lvm')
    .option('--bridge <name>', 'bridge for new network cards', 'vmbr0')
    .option('--repository <url>', 'repository to follow, instead of the folder itself')
    .addHelpText('after', HELP)
    .action((folder: string, options: InitOptions) => init(context, folder, options));
}

async function init(context: CommandContext, said: string, options: InitOptions): Promise<void> {
  const {io} = context;
  const folder = absolute(io, said);
  const beginning = await begin(options);
  const written: string[] = [];
  const kept: string[] = [];
  for (const [path, text] of await files(beginning)) {
    ((await writeNew(join(folder, path), text)) ? written : kept).push(path);
  }
  const {pin, seen, cluster} = beginning;
  const about = {folder, cluster, written, kept, seen, pin, token: tokenVariable(cluster)};
  context.exit(EXIT.ok);
  if (context.options().json) return outJson(io, about);
  for (const path of written) io.out(`${io.style.good('wrote')} ${path}`);
  for (const path of kept) io.out(`${io.style.dim('kept')}  ${path}`);
  if (seen !== null && pin === null) tellPin(io, seen);
  tellNext(io, beginning);
}

async function begin(options: InitOptions): Promise<Beginning> {
  const {cluster, url, acceptPin, node, storage, bridge} = options;
  const installation = options.installation ?? cluster;
  for (const name of [cluster, installation]) checkName(name);
  const given = options.pin === undefined ? null : plainPin(options.pin);
  if (url !== undefined) checkUrl(url);
  if (acceptPin && url === undefined) {
    throw new CommandError('--accept-pin needs --url', 'Name the node whose certificate is meant.');
  }
  const seen = url === undefined || given !== null ? null : await look(url);
  return {
    cluster,
    installation,
    url: url?.replace(/\/$/, '') ?? null,
    pin: given ?? (acceptPin ? seen : null),
    seen,
    node,
    storage,
    bridge,
    repository: options.repository ?? null,
  };
}

async function look(url: string): Promise<string> {
  const leaf = await lookAtLeaf(url);
  if (leaf.ok) return leaf.value.sha256;
  throw new CommandError(
    `the certificate cannot be looked at: ${leaf.error.message}`,
    'Check the address, or leave --url out and write it into pvegit.yaml later.',
  );
}

function checkName(name: string): void {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return;
  const remedy = 'Use lower-case letters, digits and hyphens.';
  throw new CommandError(`"${safe(name)}" is no name`, remedy);
}

function checkUrl(url: string): void {
  if (/^https:\/\/[^\s@/]+\/?$/.test(url) && URL.canParse(url)) return;
  throw new CommandError(
    `"${safe(url)}" is no address of a node`,
    'Write it like https://192.0.2.10:8006; there is no way without TLS.',
  );
}

/** Upper-case pairs with colons, as Proxmox prints it. */
function plainPin(said: string): string {
  const digits = said.replaceAll(':', '').toUpperCase();
  if (/^[0-9A-F]{64}$/.test(digits)) return (digits.match(/../g) ?? []).join(':');
  const remedy = 'It has 32 pairs of hexadecimal digits, with or without colons.';
  throw new CommandError(`"${safe(said)}" is no SHA-256 fingerprint`, remedy);
}

async function files(beginning: Beginning): Promise<readonly (readonly [string, string])[]> {
  const folder = `clusters/${beginning.cluster}`;
  const schemas = await schemaFiles();
  return [
    ['pvegit.yaml', configText(beginning)],
    [`${folder}/defaults.yaml`, defaultsText(beginning)],
    [`${folder}/example.yaml`, exampleText()],
    ['.gitignore', '/.pvegit/\n'],
    ...schemas.map(({name, text}) => [`schemas/${name}`, text] as const),
  ];
}

function tellPin(io: Io, seen: string): void {
  io.out(`
The node shows this certificate (SHA-256), which is not trusted yet:

  ${io.style.bold(seen)}

Compare it with what the node itself says, at its console or over a connection you trust:

${SHOW_CERTIFICATE.map((line) => `  ${line}`).join('\n')}

If they are the same, remove the # before sha256 in pvegit.yaml.`);
}

function tellNext(io: Io, {cluster, url, pin}: Beginning): void {
  const {dim} = io.style;
  const steps = [
    ...(url === null ? ['Write the address of a node into pvegit.yaml.'] : []),
    ...(pin === null ? ['Compare and write the pin of its certificate.'] : []),
    `export ${tokenVariable(cluster)}='USER@REALM!TOKENID=SECRET'`,
    `pvegit doctor         ${dim('what is missing, and the commands that grant it')}`,
    `pvegit import         ${dim('manifests of the guests that you have')}`,
    `rm clusters/${cluster}/example.yaml   ${dim('once you have others; it is only looked at')}`,
    'pvegit plan',
  ];
  io.out(`\nNext:\n${steps.map((step, at) => `  ${at + 1}. ${step}`).join('\n')}`);
}
