// Why this exists: storages as a node sees them, and files put onto them by upload or download.
import {fail, paramError} from '../failure.ts';
import {may} from '../permission.ts';
import {requireVolumeAccess} from '../qemu/volume-access.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, route} from '../route.ts';
import {childNames} from '../schema/api.ts';
import type {StorageDefinition} from '../state.ts';
import {contentProblem, isFileStorage, parseVolid} from '../volume.ts';
import {readVolumeName} from '../volume-name.ts';
import {showGraph, showRrd} from './rrd.ts';
import {contentRoutes} from './storage-content.ts';
import {fileRoutes} from './storage-files.ts';
import {scanRoutes} from './storage-scan.ts';
import {formatsByType} from './storage-types.ts';
import {usage} from './storage-usage.ts';

const base = '/nodes/{node}/storage';

/** Everything below `/nodes/{node}/storage`. */
export const storageRoutes: readonly Route[] = [
  route('GET', base, listStorages),
  route('GET', `${base}/{storage}`, ({cluster}) =>
    data(childNames(cluster.version, `${base}/{storage}`).map((subdir) => ({subdir}))),
  ),
  route('GET', `${base}/{storage}/status`, showStatus),
  ...fileRoutes,
  ...scanRoutes,
  route('GET', '/nodes/{node}/query-url-metadata', queryUrl),
  route('GET', `${base}/{storage}/rrd`, (context) => {
    const {node, storage} = context.path;
    return showGraph(`pve2-storage/${node}/${storage}`, context);
  }),
  route('GET', `${base}/{storage}/rrddata`, showRrd),
  route('GET', `${base}/{storage}/file-restore/list`, refuseRestore),
  route('GET', `${base}/{storage}/file-restore/download`, refuseRestore),
  route('GET', `${base}/{storage}/import-metadata`, refuseImport),
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

/** Only a Proxmox Backup Server's archives can be looked into; none is reachable here. */
function refuseRestore(context: Context): Reply {
  const {cluster, path, params} = context;
  const {storage: id = ''} = path;
  const {volume = ''} = params;
  const named = parseVolid(volume)?.storage;
  if (named !== undefined && named !== id) {
    paramError({volume: `storage ID mismatch (${named} != ${id}).`});
  }
  const folder = named !== undefined || volume.startsWith('backup/') ? '' : 'backup/';
  const volid = named === undefined ? `${id}:${folder}${volume}` : volume;
  const storage = cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
  requireVolumeAccess({context, vmid: 0}, volid, 'backup');
  if (storage.type !== 'pbs') {
    paramError({storage: 'Only PBS storages supported for file-restore.'});
  }
  return fail(500, `storage '${id}' is not online`);
}

/** What a foreign guest would become; files hold no content here, so none can be read. */
function refuseImport(context: Context): Reply {
  const {cluster, path, params} = context;
  const volid = `${path.storage}:${params.volume}`;
  requireVolumeAccess({context, vmid: 0}, volid);
  const storage = cluster.storages.get(path.storage ?? '') ?? fail(500, 'no such storage');
  const {content, format} = readVolumeName(storage, params.volume ?? '');
  if (!isFileStorage(storage) && storage.type !== 'esxi') {
    fail(500, 'storage does not support the importer API');
  }
  if (content !== 'import') fail(500, `invalid content type '${content}'`);
  if (format !== 'ova' && format !== 'ovf') fail(500, 'invalid format');
  return fail(500, 'unable to read the OVF');
}

function formatsShown(context: Context, storage: StorageDefinition): Record<string, unknown> {
  const known = formatsByType[storage.type];
  if (flag(context, 'format') && storage.type.startsWith('iscsi')) {
    return {select_existing: 1};
  }
  if (!flag(context, 'format') || known === undefined) {
    return {};
  }
  return {format: [Object.fromEntries(known.map((one) => [one, 1])), 'raw']};
}

function statusOf(context: Context, storage: StorageDefinition): Record<string, unknown> {
  const {total, used, avail} = usage(context.cluster, context.node, storage);
  const base = {
    type: storage.type,
    content: [...storage.content].join(',') || 'none',
    shared: storage.shared ? 1 : 0,
  };
  if (!isEnabled(storage, context.node)) {
    return {...base, active: 0, enabled: 0, total: 0, used: 0, avail: 0};
  }
  const shown = formatsShown(context, storage);
  if (storage.outOfReach === true || contentProblem(storage) !== undefined) {
    return {...base, ...shown, active: 0, enabled: 1, total: 0, used: 0, avail: 0};
  }
  const fraction = total === 0 ? {} : {used_fraction: used / total};
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

function queryUrl({params}: Context): Reply {
  const host = /^https?:\/\/([^/]+)/.exec(params.url ?? '')?.[1] ?? '';
  const port = params.url?.startsWith('https') === true ? 443 : 80;
  const address = /:\d+$/.test(host) ? host : `${host}:${port}`;
  const cause = `500 Can't connect to ${address} (Connection refused)`;
  return fail(500, `invalid server response: '${cause}'`);
}
