// Why this exists: Proxmox tells by itself, when asked, most of what forbids a move; a task that
// fails on it is not needed to find out.
// Source: migrate_vm_precondition and QemuMigrate's prepare in qemu-server e6352be.
import {isObject} from '../../core/json.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import {drivesOf} from './drive.ts';
import {ask, type Look} from './look.ts';
import type {StartPlace} from './start-files.ts';

/** What Proxmox has against a move to a node, beyond what the listing shows. */
export function moveLooks(
  config: LiveConfig,
  {node, from, vmid, inventory}: StartPlace,
  runs: boolean,
): readonly Look[] {
  const answer = ask(`/nodes/${from}/qemu/${vmid}/migrate`, inventory);
  if (answer.kind === 'unread') return [answer];
  if (answer.kind === 'refused') return [];
  const told = objectOf(answer.data);
  const refused = objectOf(objectOf(told['not_allowed_nodes'])[node]);
  const lacking = listOf(refused['unavailable-resources']);
  const storages = listOf(refused['unavailable_storages']);
  // Disks may be mapped to another storage; what forbids that is told by their own.
  const media = drivesOf(config).filter(({kind, storage}) => {
    return kind === 'cdrom' && storage !== null && storages.includes(storage);
  });
  const stuck = runs ? stuckAlive(told, config) : [];
  const details = [
    ...lacking.map((key) => `${node} has no device for ${key}, which is a mapped one`),
    ...media.map(({slot, storage}) => `${node} has no storage ${storage}, where ${slot} is`),
    ...stuck
      .filter((key) => !lacking.includes(key))
      .map((key) => `a guest that runs with ${key} cannot be moved`),
  ];
  return details.map((detail) => ({kind: 'missing', detail}));
}

/** What cannot be moved while it runs; a device that is not mapped is told of elsewhere. */
function stuckAlive(told: Told, config: LiveConfig): readonly string[] {
  const mapped = objectOf(told['mapped-resource-info']);
  const local = listOf(told['local_resources']);
  return [
    ...local.filter((key) => !Object.hasOwn(mapped, key) && !config.has(key)),
    ...Object.keys(mapped).filter((key) => Number(objectOf(mapped[key])['live-migration']) !== 1),
  ];
}

type Told = {readonly [key: string]: unknown};

function objectOf(value: unknown): Told {
  return isObject(value) ? value : {};
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
