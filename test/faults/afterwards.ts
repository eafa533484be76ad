// Why this exists: when everything is well again and time passes, nothing may hang: the cluster is
// as Git says, what is not has a reason that the simulator confirms, and then nothing is written.
import type {Report} from '../../src/core/report.ts';
import {sectionsOf} from '../../src/simulator/section.ts';
import type {Guest, QemuGuest} from '../../src/simulator/state.ts';
import {CLUSTER, POLICY, type Story} from '../crash/world.ts';
import {commitHouses} from './commits.ts';
import {approveSet, changePolicy, resolveIntent, sayYesToAll} from './people.ts';
import type {Scene} from './scene.ts';
import type {House} from './town.ts';

/** Locks, pauses and waits of an hour have to run out. */
const LONGEST_MS = 5 * 3_600_000;
/** Held for so long by what only a person can change, a schedule is over. */
const CALM_MINUTES = 15;
/** What is still unknown after this is looked at by a person. */
const PERSON_MS = 90 * 60_000;
const MINUTE_MS = 60_000;

/** Everything is well again: what the schedule broke is whole, and nobody meddles any more. */
export async function heal(scene: Scene): Promise<void> {
  const {story} = scene;
  const {cluster, repository, journal} = story;
  cluster.quorate = true;
  for (const node of cluster.nodes.values()) {
    node.online = true;
    node.daemonUp = true;
    node.clockSkewMs = 0;
  }
  if (scene.acl !== null) cluster.access.acl = scene.acl;
  scene.acl = null;
  cluster.faults.requests.length = 0;
  cluster.faults.tasks.length = 0;
  scene.ambushes.length = 0;
  // A lock that somebody left behind is taken off; what a running task holds is its own.
  const busy = [...cluster.tasks.values()].some(({exitStatus}) => exitStatus === undefined);
  if (!busy) for (const guest of cluster.guests.values()) guest.config.delete('lock');
  story.skewMs = 0;
  story.isFull = false;
  repository.failure = null;
  for (const {key} of journal.suspensions(CLUSTER)) journal.resume(CLUSTER, key);
  await changePolicy(scene, POLICY);
  const id = commitHouses(scene);
  journal.setValue('source/infra/accept', id);
}

/** Waits until the town is calm, with an operator who says yes, and judges it then. */
export async function afterwards(scene: Scene): Promise<void> {
  const {story, watch} = scene;
  story.kill();
  watch.died();
  story.start();
  const begin = story.clock.monotonic();
  for (let calm = 0; calm < CALM_MINUTES && story.clock.monotonic() - begin < LONGEST_MS; ) {
    await story.sleep(MINUTE_MS);
    unlock(scene);
    help(scene, story.clock.monotonic() - begin);
    watch.check();
    if (watch.violations.length > 0) return;
    const states = statesOf(story);
    if (states.every((state) => state === 'in_sync')) break;
    calm = states.every((state) => state === 'in_sync' || state === 'held') ? calm + 1 : 0;
  }
  judge(scene);
  const before = watch.writes;
  await story.sleep(4 * MINUTE_MS);
  if (watch.writes > before) watch.says('something was written although all was calm');
}

/** A killed task leaves its lock; somebody takes it off once nothing runs. */
function unlock({story}: Scene): void {
  const {tasks, guests} = story.cluster;
  if ([...tasks.values()].some(({exitStatus}) => exitStatus === undefined)) return;
  for (const guest of guests.values()) guest.config.delete('lock');
}

function help(scene: Scene, passedMs: number): void {
  const {story} = scene;
  sayYesToAll(scene);
  const held = story.process?.report?.verdicts ?? [];
  const isTooMuch = held.some(({reasons}) => reasons[0]?.reason === 'blast-radius');
  if (isTooMuch) approveSet(scene);
  if (passedMs < PERSON_MS) return;
  for (const intent of story.journal.openIntents(CLUSTER)) {
    if (intent.state === 'unknown') resolveIntent(scene, intent);
  }
}

/** Of every resource; a failed state where there is no whole report. */
function statesOf({process}: Story): readonly string[] {
  const report = process?.report ?? null;
  if (report === null || report.result !== 'ok') return ['failed'];
  return report.resources.map(({state}) => state);
}

function judge(scene: Scene): void {
  const {story, watch, houses} = scene;
  const report = story.process?.report ?? null;
  if (report === null) return watch.says('there is no report after everything is well again');
  const excused = excusedGuests(scene, report);
  for (const {key, state, because} of report.resources) {
    if (state === 'in_sync' || excused.has(Number(key.split('/')[1]))) continue;
    const says = because.map(({reason, detail}) => `${reason}: ${detail}`).join('; ');
    watch.says(`${key} is ${state} hours after everything is well: ${says || 'nobody says why'}`);
  }
  for (const house of houses.values()) {
    if (!excused.has(house.vmid)) compare(scene, house);
  }
  for (const vmid of watch.made()) {
    const isLost = scene.forgot || watch.forbidden(vmid) !== null || excused.has(vmid);
    const isEmpty = story.cluster.guests.get(vmid)?.config.has('memory') !== true;
    if (houses.has(vmid) || isLost || isEmpty || watch.released.has(vmid)) continue;
    watch.says(`guest ${vmid} left Git hours ago and is still there`);
  }
}

/** Guests whose reason is confirmed, and those that wait for them. */
function excusedGuests(scene: Scene, {resources}: Report): ReadonlySet<number> {
  const excused = new Set<number>();
  for (let former = -1; excused.size > former; ) {
    former = excused.size;
    for (const {key, state, because} of resources) {
      const vmid = Number(key.split('/')[1]);
      const [first] = because;
      if (state === 'in_sync' || first === undefined) continue;
      const others = [...first.detail.matchAll(/guest\/(\d+)/g)].map((match) => Number(match[1]));
      const waits = first.reason === 'waiting' && others.some((other) => excused.has(other));
      if (waits || (state === 'held' && isTrue(scene, vmid, first.reason ?? ''))) excused.add(vmid);
    }
  }
  return excused;
}

/** Whether the simulator confirms the reason for which a guest is left as it is. */
function isTrue(scene: Scene, vmid: number, reason: string): boolean {
  const {watch, story} = scene;
  const guest = story.cluster.guests.get(vmid);
  switch (reason) {
    case 'not-ours':
    case 'identity-changed':
    case 'adoption-differs':
      return watch.forbidden(vmid) !== null || watch.released.has(vmid);
    case 'marker-missing':
    case 'vmid-taken':
      // A clone whose worker was killed before it wrote anything has no marker yet.
      if (guest?.config.has('memory') !== true) return true;
      return watch.forbidden(vmid) !== null || watch.released.has(vmid);
    case 'no-record':
      return scene.forgot;
    case 'protected':
      return guest?.config.get('protection') === '1';
    case 'ha-managed':
      return sectionsOf(story.cluster, 'ha-resources').has(`vm:${vmid}`);
    case 'in-use':
      return true;
    case 'shrink':
      return diskOf(guest) > (scene.houses.get(vmid)?.diskGiB ?? 0);
    default:
      return false;
  }
}

function diskOf(guest: Guest | undefined): number {
  return Number(/size=(\d+)G/.exec(guest?.config.get('scsi0') ?? '')?.[1] ?? 0);
}

function compare({story, watch, moved, forgot}: Scene, house: House): void {
  const {vmid} = house;
  const guest = story.cluster.guests.get(vmid);
  if (guest?.kind !== 'qemu') return watch.says(`guest ${vmid} is not there`);
  const wrong = Object.entries(wanted(house)).flatMap(([what, value]) => {
    const is = live(guest)[what];
    // Where somebody has moved it, it stays: only another node in Git moves it again.
    if (what === 'node' && (moved.has(vmid) || forgot)) return [];
    // Without its record nobody knows any more that the disk was ours to take away.
    if (what === 'second' && forgot && !house.second) return [];
    return is === value ? [] : [`${what} is ${is} instead of ${value}`];
  });
  const isOff = guest.runtime === undefined;
  if (house.power === 'running' && isOff) wrong.push('it is off');
  if (house.power === 'stopped' && !isOff) wrong.push('it runs');
  const debt = watch.stopped.get(vmid);
  if (house.power !== 'stopped' && debt !== undefined) wrong.push(`off since our ${debt}`);
  if (guest.pending.size + guest.pendingDelete.size > 0) wrong.push('something is pending');
  if (wrong.length > 0) watch.says(`guest ${vmid}, said to be in sync: ${wrong.join(', ')}`);
}

function wanted(house: House): {readonly [what: string]: string} {
  return {
    node: house.node,
    name: house.name,
    memory: String(house.memoryGiB * 1024),
    cores: String(house.cores),
    protection: house.protection ? '1' : '0',
    onboot: '1',
    second: house.second ? 'there' : 'not there',
  };
}

function live({config, node}: QemuGuest): {readonly [what: string]: string} {
  return {
    node,
    name: config.get('name') ?? '',
    memory: /\d+/.exec(config.get('memory') ?? '512')?.[0] ?? '',
    cores: config.get('cores') ?? '1',
    protection: config.get('protection') ?? '0',
    onboot: config.get('onboot') ?? '0',
    second: config.has('scsi1') ? 'there' : 'not there',
  };
}
