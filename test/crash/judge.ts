// Why this exists: whether harm was done is read from the simulator's own log of effects and its
// final state, never from what the program believes.
import type {Cluster, Effect, Guest} from '../../src/simulator/state.ts';
import {USER} from './world.ts';

/** What a run may do at most, and what it must leave alone. */
export interface Expectation {
  /** How often each effect may happen: `what vmid detail` → times. */
  readonly effects: ReadonlyMap<string, number>;
  readonly strangers: readonly number[];
  /** VMIDs whose end somebody said yes to. */
  readonly consented: ReadonlySet<number>;
  /** How the guests are in the end, as `endOf` says. */
  readonly end: readonly string[];
}

/** Effects that change nothing when they happen again, or say what another effect says too. */
const IDLE: ReadonlySet<string> = new Set(['config', 'cloud-init', 'lock']);

/** Counts what the controller did. */
export function countEffects(cluster: Cluster): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const effect of ours(cluster)) {
    if (IDLE.has(effect.what)) continue;
    const name = `${effect.what} ${effect.vmid} ${effect.detail}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Every harm that the log shows; empty when there was none. */
export function violations(cluster: Cluster, expected: Expectation): readonly string[] {
  return [
    ...repeated(cluster, expected),
    ...touchedStrangers(cluster, expected.strangers),
    ...destroyedWithoutConsent(cluster, expected.consented),
    ...orphans(cluster),
    ...doubles(cluster),
    ...otherwise(cluster, expected),
  ];
}

/** What every guest has in the end, random identifiers aside. */
export function endOf({guests}: Cluster): readonly string[] {
  return [...guests.values()].flatMap(({vmid, node, config}) =>
    [...config]
      .filter(([key]) => !RANDOM.has(key))
      .map(([key, value]) => `${vmid} on ${node}: ${key}: ${value.replace(MAC, '')}`)
      .toSorted(),
  );
}

const RANDOM: ReadonlySet<string> = new Set(['smbios1', 'vmgenid', 'meta']);
const MAC = /(?<=virtio=)[0-9A-F:]{17}/;

function otherwise(cluster: Cluster, {end}: Expectation): readonly string[] {
  const found = endOf(cluster);
  return [
    ...end.filter((line) => !found.includes(line)).map((line) => `is missing: ${line}`),
    ...found.filter((line) => !end.includes(line)).map((line) => `is there: ${line}`),
  ];
}

/** What happened more often than without a crash, or not at all. */
function repeated(cluster: Cluster, {effects}: Expectation): readonly string[] {
  const counts = countEffects(cluster);
  const names = new Set([...effects.keys(), ...counts.keys()]);
  return [...names].flatMap((name) => {
    const [times, most] = [counts.get(name) ?? 0, effects.get(name) ?? 0];
    return times === most ? [] : [`${name}: ${times} times instead of ${most}`];
  });
}

/** Writes of the controller to guests that are not its own. */
export function touchedStrangers(
  cluster: Cluster,
  strangers: readonly number[],
): readonly string[] {
  return ours(cluster)
    .filter(({vmid}) => vmid !== undefined && strangers.includes(vmid))
    .map(({what, vmid, detail}) => `stranger ${vmid} was touched: ${what} ${detail}`);
}

/** Guests and volumes that ended although nobody said yes. */
export function destroyedWithoutConsent(
  cluster: Cluster,
  consented: ReadonlySet<number>,
): readonly string[] {
  return ours(cluster)
    .filter(({what}) => what === 'destroy' || what === 'free')
    .filter(({vmid}) => vmid === undefined || !consented.has(vmid))
    .filter(({detail}) => !detail.endsWith(' failed'))
    .map(({what, vmid, detail}) => `${what} ${vmid} ${detail} without consent`);
}

/** Volumes of guests that no configuration names. */
export function orphans(cluster: Cluster): readonly string[] {
  return [...cluster.volumes.values()].flatMap(({vmid, volid, content}) => {
    if (vmid === undefined || content !== 'images') return [];
    const guest = cluster.guests.get(vmid);
    return guest !== undefined && names(guest, volid) ? [] : [`volume ${volid} is an orphan`];
  });
}

/** Two creations of a guest without its end in between, or two ends without a creation. */
export function doubles(cluster: Cluster): readonly string[] {
  const alive = new Map<number, boolean>();
  const found: string[] = [];
  for (const {what, vmid} of cluster.effects) {
    if (vmid === undefined || (what !== 'create' && what !== 'destroy')) continue;
    if (alive.get(vmid) === (what === 'create')) found.push(`guest ${vmid}: ${what} twice`);
    alive.set(vmid, what === 'create');
  }
  return found;
}

function ours(cluster: Cluster): readonly Effect[] {
  return cluster.effects.filter(({user}) => user === USER);
}

function names(guest: Guest, volid: string): boolean {
  const values = [...guest.config.values(), ...guest.pending.values()];
  return values.some((value) => value === volid || value.startsWith(`${volid},`));
}
