// Why this exists: storages as a node sees them, and files put onto them by upload or download.
import {createHash} from 'node:crypto';
import {fail, paramError} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, route} from '../route.ts';
import {childNames} from '../schema/api.ts';
import type {StorageDefinition} from '../state.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {fork} from '../task.ts';
import {isFileStorage, put, requireStorage} from '../volume.ts';
import {showRrd} from './rrd.ts';
import {contentRoutes, pathOf} from './storage-content.ts';
import {usage} from './storage-usage.ts';

const base = '/nodes/{node}/storage';

/** Everything below `/nodes/{node}/storage`. */
export const storageRoutes: readonly Route[] = [
  route('GET', base, listStorages),
  route('GET', `${base}/{storage}`, ({cluster}) =>
    data(childNames(cluster.version, `${base}/{storage}`).map((subdir) => ({subdir}))),
  ),
  route('GET', `${base}/{storage}/status`, showStatus),
  route('POST', `${base}/{storage}/upload`, upload),
  route('POST', `${base}/{storage}/download-url`, download),
  route('GET', '/nodes/{node}/query-url-metadata', queryUrl),
  route('GET', `${base}/{storage}/rrddata`, showRrd),
  route('GET', `${base}/{storage}/file-restore/list`, refuseRestore),
  ...contentRoutes,
];

/** Storages of other nodes are listed as not enabled, but not when a content is asked for. */
function listStorages(context: Context): Reply {
  const {cluster, params, node} = context;
  const {storage: asked, target} = params;
  const wanted = list(context, 'content');
  const known = [...cluster.storages.values()].filter(
    (one) =>
      params.content === undefined ||
      (isEnabled(one, node) && wanted.some((type) => one.content.has(type))),
  );
  if (asked !== undefined && !known.some((one) => one.id === asked)) {
    paramError({storage: 'No such storage.'});
  }
  const isElsewhere = target !== undefined && target !== node && target !== 'localhost';
  const visible = known
    .filter((one) =>
      may(context, `/storage/${one.id}`, ['Datastore.Audit', 'Datastore.AllocateSpace'], true),
    )
    .filter((one) => asked === undefined || one.id === asked)
    .filter((one) => !(flag(context, 'enabled') && one.disabled))
    .filter((one) => !isElsewhere || (one.shared && isOn(one, node) && isOn(one, target)));
  return data(visible.map((one) => ({storage: one.id, ...statusOf(context, one)})));
}

function isOn(storage: StorageDefinition, node: string): boolean {
  return storage.nodes === undefined || storage.nodes.has(node);
}

function isEnabled(storage: StorageDefinition, node: string): boolean {
  return !storage.disabled && isOn(storage, node);
}

/** Only a Proxmox Backup Server's archives can be looked into. */
function refuseRestore({path}: Context): Reply {
  return fail(500, `Only Proxmox Backup Server storages supported ('${path.storage}').`);
}

const formats: Readonly<Record<string, readonly string[]>> = {
  dir: ['raw', 'qcow2', 'vmdk', 'subvol'],
  nfs: ['raw', 'qcow2', 'vmdk'],
  cifs: ['raw', 'qcow2', 'vmdk'],
  glusterfs: ['raw', 'qcow2', 'vmdk'],
  btrfs: ['raw', 'subvol'],
  zfspool: ['raw', 'subvol'],
};

function formatsShown(context: Context, storage: StorageDefinition): Record<string, unknown> {
  const known = formats[storage.type];
  if (!flag(context, 'format') || known === undefined) {
    return {};
  }
  return {format: [Object.fromEntries(known.map((one) => [one, 1])), 'raw']};
}

function statusOf(context: Context, storage: StorageDefinition): Record<string, unknown> {
  const {total, used, avail} = usage(context.cluster, context.node, storage);
  const base = {
    type: storage.type,
    content: [...storage.content].join(','),
    shared: storage.shared ? 1 : 0,
  };
  if (!isEnabled(storage, context.node)) {
    return {...base, active: 0, enabled: 0, total: 0, used: 0, avail: 0};
  }
  const fraction = total === 0 ? {} : {used_fraction: used / total};
  const shown = formatsShown(context, storage);
  return {...base, ...shown, active: 1, enabled: 1, total, used, avail, ...fraction};
}

function showStatus(context: Context): Reply {
  const storage = context.cluster.storages.get(context.path.storage ?? '');
  if (storage === undefined) {
    paramError({storage: 'No such storage.'});
  }
  const {used_fraction: _, ...rest} = statusOf(context, storage);
  return data(rest);
}

const extensions: Readonly<Record<string, RegExp>> = {
  iso: /\.(iso|img)$/i,
  vztmpl: /\.(tar\.(gz|xz|zst|bz2)|tgz)$/i,
  import: /\.(ova|ovf|qcow2|raw|vmdk)$/i,
};

function upload(context: Context): Reply {
  const {cluster, node, params} = context;
  const storage = requireStorage(cluster, context.path.storage ?? '', node);
  if (!isFileStorage(storage)) {
    fail(500, `can't upload to storage type '${storage.type}'`);
  }
  const {content = 'iso'} = params;
  const name = (context.upload?.filename ?? '').replaceAll(/[^-a-zA-Z0-9_.]/g, '_');
  if (extensions[content]?.test(name) !== true) {
    refuseFilename(content);
  }
  if (!storage.content.has(content)) {
    fail(500, `storage '${storage.id}' does not support '${content}' content`);
  }
  const bytes = context.upload?.content ?? '';
  const temporary = `/var/tmp/pveupload-${cluster.random.hex(32)}`;
  return data(
    fork(cluster, {
      node,
      type: 'imgcopy',
      id: '',
      auth: context.auth,
      stages: copyStages(context, storage, {content, name, bytes, temporary}),
    }),
  );
}

function refuseFilename(content: string): never {
  const isImport = content === 'import';
  const text = isImport ? 'invalid filename or wrong extension' : 'wrong file extension';
  return paramError({filename: text});
}

interface Uploaded {
  readonly content: string;
  readonly name: string;
  readonly bytes: string;
  readonly temporary: string;
}

function copyStages(
  context: Context,
  storage: StorageDefinition,
  file: Uploaded,
): readonly Stage[] {
  return [
    {kind: 'do', run: (worker) => worker.log(`starting file import from: ${file.temporary}`)},
    {kind: 'do', run: (worker) => checkUpload(context, file, worker.log)},
    {kind: 'do', run: (worker) => storeUpload(context, storage, file, worker.log)},
  ];
}

function checkUpload(context: Context, file: Uploaded, log: (line: string) => void): void {
  const {checksum, 'checksum-algorithm': algorithm} = context.params;
  if (checksum !== undefined && algorithm !== undefined) {
    log('calculating checksum...');
    const got = createHash(algorithm).update(Buffer.from(file.bytes, 'latin1')).digest('hex');
    if (got !== checksum.toLowerCase()) {
      fail(500, `checksum mismatch: got '${got}' != expect '${checksum}'`);
    }
  }
  if (file.content === 'import' && /\.qcow2$/i.test(file.name) && !file.bytes.startsWith('QFI')) {
    const cause = 'Image is not in qcow2 format';
    fail(500, `qemu-img: Could not open '${file.temporary}': ${cause}`);
  }
}

function storeUpload(
  context: Context,
  storage: StorageDefinition,
  file: Uploaded,
  log: (line: string) => void,
): void {
  const target = storeFile(context, storage, {...file, sizeBytes: file.bytes.length});
  log(`target node: ${context.node}`);
  log(`target file: ${target}`);
  log(`file size is: ${file.bytes.length}`);
  log(`command: cp -- ${file.temporary} ${target}`);
  log('finished file import successfully');
}

function storeFile(
  context: Context,
  storage: StorageDefinition,
  file: {readonly content: string; readonly name: string; readonly sizeBytes: number},
): string {
  const {cluster, node} = context;
  const volume = {
    volid: `${storage.id}:${file.content}/${file.name}`,
    storage: storage.id,
    node: storage.shared ? undefined : node,
    format: formatOf(file.content, file.name),
    sizeBytes: file.sizeBytes,
    usedBytes: file.sizeBytes,
    vmid: undefined,
    parent: undefined,
    content: file.content,
    ctimeS: nodeSeconds(cluster, node),
    snapshots: new Set<string>(),
  };
  put(cluster, volume);
  recordEffect(cluster, 'upload', undefined, volume.volid);
  return pathOf(storage, volume);
}

function formatOf(content: string, name: string): string {
  if (content === 'vztmpl') {
    return name.endsWith('.tar.gz') || name.endsWith('.tgz') ? 'tgz' : `t${name.split('.').at(-1)}`;
  }
  return content === 'iso' ? 'iso' : (name.split('.').at(-1) ?? 'raw');
}

/** Nothing outside is reachable from the simulated nodes: a download always fails as this does. */
function download(context: Context): Reply {
  const {cluster, node, params} = context;
  const storage = requireStorage(cluster, context.path.storage ?? '', node);
  if (!isFileStorage(storage)) {
    fail(500, `can't upload to storage type '${storage.type}', not a file based storage!`);
  }
  const {url = '', filename: asked = '', content = 'iso'} = params;
  if (!storage.content.has(content)) {
    fail(500, `storage '${storage.id}' is not configured for content-type '${content}'`);
  }
  const filename = asked.replaceAll(/[^-a-zA-Z0-9_.]/g, '_');
  if (extensions[content]?.test(filename) !== true) {
    refuseFilename(content);
  }
  const host = /^https?:\/\/([^/:]+)(?::(\d+))?/.exec(url);
  const port = host?.[2] ?? (url.startsWith('https') ? '443' : '80');
  const folder =
    content === 'iso' ? 'template/iso' : content === 'vztmpl' ? 'template/cache' : content;
  const target = `${storage.options.get('path')}/${folder}/${filename}`;
  const date = new Date(cluster.nowMs).toISOString().slice(0, 19).replace('T', ' ');
  const refused = `Connecting to ${host?.[1]}:${port}... failed: Connection refused.`;
  return data(
    fork(cluster, {
      node,
      type: 'download',
      id: filename,
      auth: context.auth,
      stages: [
        {
          kind: 'do',
          run: (worker) => {
            worker.log(`downloading ${url} to ${target}`);
            worker.log(`--${date}--  ${url}`);
            fail(500, `download failed: ${refused}`);
          },
        },
      ],
    }),
  );
}

function queryUrl({params}: Context): Reply {
  const host = /^https?:\/\/([^/]+)/.exec(params.url ?? '')?.[1] ?? '';
  const address = host.includes(':') ? host : `${host}:80`;
  const cause = `500 Can't connect to ${address} (Connection refused)`;
  return fail(500, `invalid server response: '${cause}'`);
}
