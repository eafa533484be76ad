// Why this exists: files put onto a storage: uploaded, or fetched by the node from an address
// (PVE/API2/Storage/Status.pm).
import {createHash} from 'node:crypto';
import {fail, paramError} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import type {StorageDefinition} from '../state.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {fork} from '../task.ts';
import {folderOf, isFileStorage, put, requireStorage} from '../volume.ts';
import {pathOf} from './storage-volume.ts';

const base = '/nodes/{node}/storage/{storage}';

/** Upload and download. */
export const fileRoutes: readonly Route[] = [
  route('POST', `${base}/upload`, upload),
  route('POST', `${base}/download-url`, download),
];

const extensions: Readonly<Record<string, RegExp>> = {
  iso: /[^/]\.(iso|img)$/i,
  vztmpl: /[^/]\.tar\.(gz|xz|zst|bz2)$/i,
  import: /[a-zA-Z0-9\-.+=_]\.(ova|qcow2|raw|vmdk)$/,
};

/** PVE::Storage::normalize_content_filename. */
function normalised(name: string): string {
  return name
    .replace(/\n$/, '')
    .replace(/^.*[/\\]/, '')
    .replaceAll(/[^a-zA-Z0-9_.-]/g, '_');
}

function upload(context: Context): Reply {
  const {cluster, node, params} = context;
  const storage = requireStorage(cluster, context.path.storage ?? '', node);
  if (!isFileStorage(storage)) {
    fail(500, `can't upload to storage type '${storage.type}'`);
  }
  const {content = 'iso'} = params;
  const name = normalised(params.filename ?? '');
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
    const got = createHash(algorithm).update(Buffer.from(file.bytes, 'latin1')).digest('hex');
    const isSame = got === checksum.toLowerCase();
    log(`calculating checksum...${isSame ? 'OK, checksum verified' : ''}`);
    if (!isSame) {
      fail(500, `checksum mismatch: got '${got}' != expect '${checksum}'`);
    }
  }
  if (file.content !== 'import') return;
  if (/\.ova$/.test(file.name) && file.bytes.slice(257, 262) !== 'ustar') {
    log('tar: This does not look like a tar archive');
    log('tar: Exiting with failure status due to previous errors');
    fail(500, `command 'tar -t -f ${file.temporary}' failed: exit code 2`);
  }
  const cause = wrongFormat(file);
  if (cause !== undefined) {
    fail(500, `qemu-img: Could not open '${file.temporary}': ${cause}`);
  }
}

function wrongFormat({name, bytes}: Uploaded): string | undefined {
  if (/\.qcow2$/.test(name)) {
    return bytes.startsWith('QFI') ? undefined : 'Image is not in qcow2 format';
  }
  const isDescribed = /^(KDMV|COWD|# Disk DescriptorFile)/.test(bytes);
  return /\.vmdk$/.test(name) && !isDescribed ? 'Image is not in vmdk format' : undefined;
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
    return `t${name.split('.').at(-1)}`;
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
  const filename = normalised(asked);
  if (extensions[content]?.test(filename) !== true) {
    refuseFilename(content);
  }
  const host = /^https?:\/\/([^/:]+)(?::(\d+))?/.exec(url);
  const port = host?.[2] ?? (url.startsWith('https') ? '443' : '80');
  const target = `${folderOf(storage, content)}/${filename}`;
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
            if (params.compression !== undefined && content !== 'iso') {
              fail(500, `decompression not supported for ${content}`);
            }
            if (!['gz', 'lzo', 'zst', 'bz2', undefined].includes(params.compression)) {
              fail(500, 'no decompression method found');
            }
            worker.log(`downloading ${url} to ${target}`);
            worker.log(`--${date}--  ${url}`);
            fail(500, `download failed: ${refused}`);
          },
        },
      ],
    }),
  );
}
