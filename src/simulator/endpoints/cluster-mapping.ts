// Why this exists: names for devices and directories of nodes that guests may use
// (PVE/API2/Cluster/Mapping/*.pm).
import {fail, prefixed} from '../failure.ts';
import {folderExists} from '../node-folders.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {Section} from '../section.ts';
import {requireDigest, sectionDigest, sectionsOf, shownSection} from '../section.ts';
import type {Uses} from '../section-plugins.ts';
import {checkedProperties, deleteProperties, setProperties, usesOf} from '../section-plugins.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';

type Kind = 'dir' | 'pci' | 'usb';

const usesByKind: Readonly<Record<Kind, Uses>> = {
  dir: usesOf('description map!'),
  pci: usesOf('description mdev live-migration-capable map!'),
  usb: usesOf('description map!'),
};

/** What locked sections say before the reason; a directory has its own word. */
function failed(kind: Kind, verb: string): string {
  return `${verb} ${kind === 'dir' ? 'directory' : 'hardware'} mapping failed`;
}

/** `/cluster/mapping` and below. */
export const mappingRoutes: readonly Route[] = [
  route('GET', '/cluster/mapping', () => data(['dir', 'pci', 'usb'].map((name) => ({name})))),
  ...(['dir', 'pci', 'usb'] as const).flatMap((kind) => kindRoutes(kind)),
];

function kindRoutes(kind: Kind): readonly Route[] {
  const base = `/cluster/mapping/${kind}`;
  return [
    route('GET', base, (context) => listMappings(context, kind)),
    route('POST', base, (context) => createMapping(context, kind)),
    route('GET', `${base}/{id}`, (context) => showMapping(context, kind)),
    route('PUT', `${base}/{id}`, (context) => updateMapping(context, kind)),
    route('DELETE', `${base}/{id}`, (context) => deleteMapping(context, kind)),
  ];
}

function fileOf(kind: Kind): string {
  return `mapping-${kind}`;
}

/** The list of maps is kept as JSON: its items may hold any character. */
function facts({cluster}: Context, kind: Kind, section: Section): Record<string, unknown> {
  const method = findMethod(cluster.version, 'POST', `/cluster/mapping/${kind}`)?.method;
  const shown = shownSection(section, (key) =>
    method === undefined ? undefined : paramFacts(method, key),
  );
  const map: unknown = JSON.parse(section.get('map') ?? '[]');
  const digest = sectionDigest(cluster, fileOf(kind));
  return {...shown, map, type: kind, digest};
}

function listMappings(context: Context, kind: Kind): Reply {
  const {cluster, node, params} = context;
  const check = params['check-node'];
  if (check !== undefined && check !== 'localhost' && check !== node) {
    const where =
      kind === 'usb' ? 'Wrong node to check' : `wrong node to check - ${check} != ${node}`;
    const cause = `failed to get address info for: ${check}: Name or service not known`;
    fail(500, cluster.nodes.has(check) ? where : `hostname lookup '${check}' failed - ${cause}`);
  }
  const visible = [...sectionsOf(cluster, fileOf(kind))].filter(([id]) =>
    may(
      context,
      `/mapping/${kind}/${id}`,
      ['Mapping.Modify', 'Mapping.Use', 'Mapping.Audit'],
      true,
    ),
  );
  return data(
    visible.map(([id, section]) => ({
      ...facts(context, kind, section),
      id,
      ...(check === undefined
        ? {}
        : {[kind === 'usb' ? 'errors' : 'checks']: checksOf(cluster, kind, section, check)}),
    })),
  );
}

/** No node has a device to map. */
function checksOf(cluster: Cluster, kind: Kind, section: Section, node: string): readonly object[] {
  const here = mapsOf(section).filter((one) => one.node === node);
  return here.length === 0
    ? [{severity: 'warning', message: `No mapping for node ${node}.`}]
    : here
        .filter(({path = ''}) => kind !== 'dir' || !folderExists(cluster, path))
        .map((one) => ({
          severity: 'error',
          message: `Invalid configuration: ${whatIsMissing(kind, one)}\n`,
        }));
}

function mapsOf(section: Section): readonly Readonly<Record<string, string>>[] {
  const map: unknown = JSON.parse(section.get('map') ?? '[]');
  return Array.isArray(map) ? map.map(String).map(partsOf) : [];
}

/** A directory that is mapped must be there, if it is this node's. */
function requireFolders({cluster, node}: Context, kind: Kind, section: Section): void {
  const lost = mapsOf(section).find((one) => {
    return one.node === node && !folderExists(cluster, one.path ?? '');
  });
  if (kind === 'dir' && lost !== undefined) {
    fail(500, whatIsMissing(kind, lost));
  }
}

function partsOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split(',').map((part) => part.split('=', 2)));
}

function whatIsMissing(kind: Kind, {path = '', id}: Readonly<Record<string, string>>): string {
  if (kind === 'dir') {
    return `Path ${path} does not exist`;
  }
  const [first = ''] = path.split(';');
  const device = kind === 'pci' && !/\.[a-f0-9]/i.test(first) ? `${first}.0` : first;
  return `${kind} device '${device === '' ? id : device}' not found`;
}

function showMapping(context: Context, kind: Kind): Reply {
  const {id = ''} = context.path;
  const section = sectionsOf(context.cluster, fileOf(kind)).get(id);
  return data(facts(context, kind, section ?? fail(500, `mapping '${id}' not found`)));
}

function wanted(context: Context, kind: Kind): Section {
  const {params, arrays} = context;
  const {id: _, digest: __, delete: ___, ...rest} = params;
  const map = arrays.map === undefined ? {} : {map: JSON.stringify(arrays.map)};
  return checkedProperties(usesByKind[kind], {...rest, ...map}, true);
}

function createMapping(context: Context, kind: Kind): Reply {
  const {cluster, params} = context;
  const {id = ''} = params;
  const values = wanted(context, kind);
  requireFolders(context, kind, values);
  prefixed(failed(kind, 'create'), () => {
    if (sectionsOf(cluster, fileOf(kind)).has(id)) {
      fail(500, `${kind} ID '${id}' already defined`);
    }
  });
  const section: Section = new Map();
  setProperties(section, values);
  sectionsOf(cluster, fileOf(kind)).set(id, section);
  recordEffect(cluster, 'mapping', undefined, `${kind} ${id} created`);
  return nothing;
}

function updateMapping(context: Context, kind: Kind): Reply {
  const {cluster, params, path} = context;
  const {id = ''} = path;
  prefixed(failed(kind, 'update'), () => {
    requireDigest(cluster, fileOf(kind), params.digest);
    const section =
      sectionsOf(cluster, fileOf(kind)).get(id) ?? fail(500, `${kind} ID '${id}' does not exist`);
    const values = wanted(context, kind);
    requireFolders(context, kind, values);
    deleteProperties(usesByKind[kind], section, list(context, 'delete'), params);
    setProperties(section, values);
  });
  recordEffect(cluster, 'mapping', undefined, `${kind} ${id} updated`);
  return nothing;
}

/** Deleting what is not there is no error. */
function deleteMapping({cluster, path}: Context, kind: Kind): Reply {
  const {id = ''} = path;
  sectionsOf(cluster, fileOf(kind)).delete(id);
  recordEffect(cluster, 'mapping', undefined, `${kind} ${id} deleted`);
  return nothing;
}
