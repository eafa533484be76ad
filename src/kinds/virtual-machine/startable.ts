// Why this exists: some configurations are taken without a word and then do not start: found out
// after a stop, that is a guest that is down. They are found in the plan instead.
import type {Finding} from '../../core/action.ts';
import type {Observed} from '../../core/model.ts';
import {configuredOf, type LiveConfig} from '../guest/live-config.ts';
import type {Marker} from '../guest/marker.ts';
import {composeKeys, type Edit, type SortedEdits} from './compose.ts';
import {placeOfField} from './field-path.ts';
import {hotplugWordsOf} from './hotplug-words.ts';
import {projectConfig} from './project.ts';

/** Keys on which it depends whether a guest starts, as far as they are looked at here. */
const DECISIVE = /^(memory|hotplug|numa|numa\d+|virtiofs\d+|vcpus|cores|sockets|hugepages)$/;

/** What keeps a guest from starting after these edits; for edits that can be the cause of it. */
export function startFindings(
  {keys: edits, cycle, power}: Pick<SortedEdits, 'keys' | 'cycle' | 'power'>,
  observed: Observed,
  marker: Marker,
): readonly Finding[] {
  if ((power ?? observed.power) === 'stopped') return [];
  const fields = edits
    .map(({field}) => field)
    .filter((field) => DECISIVE.test(placeOfField(field).key ?? ''));
  if (fields.length === 0 && !cycle) return [];
  const obstacle = startObstacle(configurationAfter(edits, observed, marker));
  if (obstacle === null) return [];
  const detail = `it would not start afterwards: ${obstacle}`;
  return [{reason: 'waiting', detail, ...(fields.length > 0 ? {fields} : {})}];
}

/** What keeps a guest with this configuration, new and complete, from starting. */
export function newStartFindings(config: LiveConfig): readonly Finding[] {
  const obstacle = startObstacle(config);
  return obstacle === null
    ? []
    : [{reason: 'waiting', detail: `it would not start once it is made: ${obstacle}`}];
}

function configurationAfter(
  edits: readonly Edit[],
  observed: Observed,
  marker: Marker,
): LiveConfig {
  const config = new Map(configuredOf(observed));
  const plain = edits.filter(({field}) => DECISIVE.test(placeOfField(field).key ?? ''));
  for (const [key, value] of composeKeys(plain, config, marker)) {
    if (value === null) config.delete(key);
    else if (typeof value !== 'object') config.set(key, String(value));
  }
  return config;
}

/** Why QEMU or Proxmox refuses to start a guest with this configuration; null: nothing known. */
function startObstacle(config: LiveConfig): string | null {
  return vcpusObstacle(config) ?? nodesObstacle(config) ?? modulesObstacle(config);
}

function vcpusObstacle(config: LiveConfig): string | null {
  const most = Number(config.get('sockets') ?? 1) * Number(config.get('cores') ?? 1);
  const vcpus = Number(config.get('vcpus') ?? 0);
  return vcpus > most ? `vcpus is ${vcpus}, and there is room for ${most} (sockets × cores)` : null;
}

/** Nodes of its own must make up all the memory. */
function nodesObstacle(config: LiveConfig): string | null {
  const nodes = numaNodes(config);
  if (config.get('numa') !== '1' || nodes.length === 0) return null;
  const sizes = nodes.map((key) => projectConfig(config)[`config.${key}.memory`]);
  if (!sizes.every((size) => typeof size === 'number')) return null;
  const sum = sizes.reduce((total, size) => total + size, 0);
  const all = memoryMiB(config);
  return sum === all ? null : `${nodes.join(', ')} have ${sum} MiB together, memory has ${all}`;
}

function modulesObstacle(config: LiveConfig): string | null {
  if (!hotplugWordsOf(config).has('memory')) return null;
  if (config.get('numa') !== '1') return '`memory` in `hotplug` needs NUMA (cpu.numa: true)';
  const [blocking] = [...numaNodes(config), ...[...config.keys()].filter(isVirtioFs)];
  if (blocking !== undefined) return `\`memory\` in \`hotplug\` does not work with ${blocking}`;
  return moduleObstacle(memoryMiB(config), config);
}

/** Why memory that can be plugged cannot have this size in MiB; null: it can. */
export function moduleObstacle(wanted: number, config: LiveConfig): string | null {
  const huge = config.get('hugepages') === '1024';
  const least = huge ? LEAST_MIB * Number(config.get('sockets') ?? 1) : LEAST_MIB;
  if (wanted < least) return `memory that can be plugged has ${least / LEAST_MIB}GiB at least`;
  let size = least;
  let module = huge ? 1024 : 512;
  for (; size < wanted; module *= 2) {
    const here = Math.min(MODULES_OF_A_SIZE, Math.ceil((wanted - size) / module));
    size += here * module;
    if (size >= wanted) break;
  }
  if (size === wanted) return null;
  const shown = module < LEAST_MIB ? `${module}MiB` : `${module / LEAST_MIB}GiB`;
  return `memory of this size is plugged in pieces of ${shown}`;
}

/** What a guest with pluggable memory is started with; modules come on top (qemu-server). */
const LEAST_MIB = 1024;
/** So many modules of 512 MiB, then of 1 GiB, and so on (qemu-server, `foreach_dimm`). */
const MODULES_OF_A_SIZE = 32;

function memoryMiB(config: LiveConfig): number {
  const text = config.get('memory') ?? '512';
  return Number(text.replace('current=', ''));
}

function numaNodes(config: LiveConfig): readonly string[] {
  return [...config.keys()].filter((key) => /^numa\d+$/.test(key));
}

function isVirtioFs(key: string): boolean {
  return /^virtiofs\d+$/.test(key);
}
