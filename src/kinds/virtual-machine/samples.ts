// Why this exists: tests of this kind state only what they are about; the rest is said here once.
import type {Change, Step} from '../../core/action.ts';
import type {Json} from '../../core/json.ts';
import type {ManifestDocument, StepRequest} from '../../core/kind.ts';
import type {
  Body,
  Desired,
  FieldValue,
  Inventory,
  Observed,
  SourceRange,
} from '../../core/model.ts';
import {membershipPaths} from './membership.ts';
import {normalise} from './normalise.ts';
import {observe} from './observe.ts';

const RANGE: SourceRange = {
  file: 'vms.yaml',
  start: {line: 4, column: 3, offset: 40},
  end: {line: 30, column: 1, offset: 700},
};

/** A VirtualMachine document with this spec. */
export function documentOf(
  spec: {readonly [key: string]: Json},
  more: Partial<ManifestDocument> = {},
): ManifestDocument {
  const name = more.name ?? 'neo4j-db';
  return {
    kind: 'VirtualMachine',
    name,
    source: 'home',
    file: RANGE.file,
    value: {apiVersion: 'pvegit/v1', kind: 'VirtualMachine', metadata: {name}, spec},
    range: RANGE,
    ranges: {},
    ...more,
  };
}

/** The normal form of a spec without mistakes. */
export function desiredOf(spec: {readonly [key: string]: Json}): Desired {
  const {desired, diagnostics} = normalise(documentOf({vmid: 150, node: 'pve1', ...spec}));
  const [first] = desired;
  if (first) return first;
  throw new Error(diagnostics.map(({code, detail}) => `${code}: ${detail}`).join('\n'));
}

/** What a pass over one cluster found, in words. */
export interface World {
  /** Configuration of guest 150 as `/pending` shows it; null: it is not there. */
  readonly config?: Readonly<Record<string, string | number>> | null;
  readonly pending?: Readonly<Record<string, string | number | null>>;
  readonly status?: 'running' | 'stopped' | 'unknown';
  readonly guest?: Readonly<Record<string, Json>>;
  readonly more?: readonly Readonly<Record<string, Json>>[];
  readonly reads?: Readonly<Record<string, Json>>;
}

/** Marker, name, UUID and a disk: what guest 150 has unless said otherwise. */
export const CONFIG: Readonly<Record<string, string>> = {
  name: 'neo4j-db',
  description: '<!-- pvegit/v1 installation=home cluster=harness vmid=150 -->',
  smbios1: 'uuid=3f0a1d5e-0000-4000-8000-000000000150',
  scsi0: 'local-lvm:vm-150-disk-0,iothread=1,size=32G',
  net0: 'virtio=BC:24:11:00:01:50,bridge=vmbr0,firewall=1',
};

/** The digest of guest 150. */
export const DIGEST = '0f1e2d3c4b5a69788796a5b4c3d2e1f000000150';

const THIN = {plugintype: 'lvmthin', content: 'images,rootdir', shared: 0};

/** An inventory of cluster `harness` with node pve1 and guest 150. */
export function inventoryOf(world: World = {}): Inventory {
  const {config = CONFIG, status = 'running', guest = {}, more = [], reads = {}} = world;
  const listing: Json[] = [
    {id: 'node/pve1', type: 'node', node: 'pve1', status: 'online'},
    {id: 'node/pve2', type: 'node', node: 'pve2', status: 'online'},
    {type: 'storage', node: 'pve1', storage: 'local-lvm', ...THIN},
    {type: 'storage', node: 'pve2', storage: 'local-lvm', ...THIN},
    ...more,
  ];
  const answers: {[path: string]: Json} = {...reads};
  if (config === null) {
    answers['/cluster/nextid?vmid=150'] = '150';
  } else {
    listing.push({id: 'qemu/150', type: 'qemu', vmid: 150, node: 'pve1', status, ...guest});
    answers['/nodes/pve1/qemu/150/pending'] = pendingAnswer(config, world.pending ?? {});
  }
  answers['/cluster/resources'] = listing;
  for (const path of membershipPaths('pve1', 150)) answers[path] ??= [];
  return {
    cluster: 'harness',
    takenAt: 1_767_600_000_000,
    reads: Object.fromEntries(
      Object.entries(answers).map(([path, data]) => [path, {path, outcome: {ok: true, data}}]),
    ),
    release: '8.4',
    clockOffsetMs: {},
  };
}

/** A configuration as `/pending` answers it; null among the pending means "to be deleted". */
export function pendingAnswer(
  config: Readonly<Record<string, string | number>>,
  pending: Readonly<Record<string, string | number | null>> = {},
): Json {
  const keys = [...new Set([...Object.keys(config), ...Object.keys(pending)])];
  const entries = keys.map((key): {readonly [name: string]: Json} => {
    const value = config[key];
    const next = pending[key];
    return {
      key,
      ...(value === undefined ? {} : {value}),
      ...(next === undefined ? {} : next === null ? {delete: 1} : {pending: next}),
    };
  });
  return [...entries, {key: 'digest', value: DIGEST}];
}

/** Guest 150 as observed. */
export function observedOf(world: World = {}): Observed {
  const observation = observe('guest/150', inventoryOf(world), 'home');
  if (observation.kind === 'present') return observation.observed;
  throw new Error(JSON.stringify(observation));
}

/** A request for steps on guest 150. */
export function requestOf(
  verb: StepRequest['verb'],
  more: Partial<StepRequest> & {readonly world?: World} = {},
): StepRequest {
  const {world = {}, ...rest} = more;
  return {
    installation: 'home',
    cluster: 'harness',
    verb,
    key: 'guest/150',
    desired: null,
    observed: world.config === null ? null : observedOf(world),
    record: null,
    changes: [],
    inventory: inventoryOf(world),
    secretHashes: {},
    ...rest,
  };
}

/** Changes to these values, as the planner would state them. */
export function changesTo(wanted: Body, observed: Observed): readonly Change[] {
  return Object.entries(wanted).map(([field, to]) => changeOf(field, to, observed));
}

function changeOf(field: string, to: FieldValue, observed: Observed): Change {
  return {
    field,
    from: observed.body[field],
    to,
    risk: 'benign',
    because: 'a test says so',
    cause: 'pending',
    shown: {from: '', to: ''},
  };
}

/** `PUT …/config cores=4 delete=vga @digest`: one line a call. */
export function lines(list: readonly Step[]): readonly string[] {
  return list.map((step) => {
    if (step.kind === 'until') return `until ${step.power}`;
    const {method, path, params} = step.call;
    const words = Object.entries(params).map(([key, value]) => {
      if (typeof value !== 'object') return value === DIGEST ? '@plan' : `${key}=${value}`;
      return 'from' in value ? '@chain' : `${key}=(secret)`;
    });
    return [method, path.replace('/nodes/pve1/qemu', ''), ...words].join(' ');
  });
}
