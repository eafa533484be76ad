// Why this exists: everything of the issue that a cluster, a repository, a person or the
// controller's own machine may do at any moment, each as one event that a seed may draw.
import {addGuest} from '../../src/simulator/build.ts';
import {
  armRequest,
  armTask,
  type RequestFault,
  type TaskFault,
} from '../../src/simulator/faults.ts';
import type {Random} from '../../src/simulator/random.ts';
import {type QemuGuest, recordEffect} from '../../src/simulator/state.ts';
import {publishNow} from '../../src/simulator/statistics.ts';
import {filesOf} from '../crash/scenario.ts';
import {CLUSTER, type Story} from '../crash/world.ts';
import type {Watch} from './invariants.ts';

/** What an event is given. */
export interface Scene {
  readonly story: Story;
  readonly watch: Watch;
  readonly random: Random;
}

/** One thing that may happen; returns what, in words. */
type Event = (scene: Scene) => string;

const OURS = [150, 151] as const;

const REFUSALS: readonly (readonly [number, string])[] = [
  [401, 'Authentication failed!'],
  [403, 'Permission check failed (/vms/150, VM.Config.Options)'],
  [500, 'VM is locked (backup)'],
  [500, "can't lock file '/var/lock/qemu-server/lock-150.conf' - got timeout"],
  [500, 'checksum mismatch (file change by other user?)'],
  [500, 'cluster not ready - no quorum?'],
  [500, "storage 'local-lvm' is not available on node 'pve1'"],
  [500, 'something that nobody has seen before'],
  [595, 'No route to host'],
  [595, 'Connection refused'],
  [596, 'Connection timed out'],
  [597, ''],
  [598, ''],
  [599, 'Too many redirections'],
];

const TASKS = ['qmclone', 'qmcreate', 'qmstart', 'qmshutdown', 'qmdestroy', 'resize', 'qmigrate'];

const requestFault: Event = ({story, random}) => {
  const [status, reason] = pick(random, REFUSALS);
  const faults: readonly RequestFault[] = [
    {kind: 'cut-before'},
    {kind: 'cut-after'},
    {kind: 'no-answer'},
    {kind: 'answer-lost'},
    {kind: 'answer', status, reason},
    {kind: 'answer', status, reason},
  ];
  const fault = pick(random, faults);
  const method = pick(random, ['GET', 'GET', 'PUT', 'POST', 'DELETE', 'PUT', 'POST'] as const);
  const times = 1 + random.below(4);
  armRequest(story.cluster, {method, path: /./, skip: random.below(6), times}, fault);
  return `${times} ${method} suffer ${JSON.stringify(fault)}`;
};

const taskFault: Event = ({story, random}) => {
  const faults: readonly TaskFault[] = [
    {kind: 'fails', text: 'it did not work', when: 'start'},
    {kind: 'fails', text: 'it did not work', when: 'end'},
    {kind: 'warns', text: 'something is odd'},
    {kind: 'late', delayMs: 1000 * random.below(600)},
    {kind: 'killed', afterMs: 100 * random.below(30)},
    {kind: 'vanishes'},
  ];
  const [type, fault] = [pick(random, TASKS), pick(random, faults)];
  armTask(story.cluster, {type, skip: random.below(2)}, fault);
  return `a ${type} task suffers ${JSON.stringify(fault)}`;
};

const vanishedTask: Event = ({story}) => {
  const {tasks} = story.cluster;
  for (const [upid, task] of tasks) if (task.exitStatus !== undefined) tasks.delete(upid);
  return 'ended tasks are forgotten';
};

const nodeGoes: Event = ({story, random}) => {
  const node = pick(random, [...story.cluster.nodes.values()]);
  if (random.below(2) === 0) node.online = !node.online;
  else node.daemonUp = !node.daemonUp;
  return `${node.name} online ${node.online}, daemon ${node.daemonUp}`;
};

const quorum: Event = ({story}) => {
  story.cluster.quorate = !story.cluster.quorate;
  return `quorate ${story.cluster.quorate}`;
};

let keptAcl: Story['cluster']['access']['acl'] = [];
const permissions: Event = ({story}) => {
  const {access} = story.cluster;
  if (access.acl.length > 0) [keptAcl, access.acl] = [access.acl, []];
  else access.acl = keptAcl;
  return `${access.acl.length} permissions`;
};

const clocks: Event = ({story, random}) => {
  const skewMs = (random.below(7) - 3) * 45_000;
  if (random.below(2) === 0) story.skewMs = skewMs;
  else for (const node of story.cluster.nodes.values()) node.clockSkewMs = skewMs;
  return `a clock is off by ${skewMs} ms`;
};

/** Somebody else's hands on one of our guests. */
const foreignHand: Event = (scene) => {
  const {story, random, watch} = scene;
  const vmid = pick(random, OURS);
  const guest = story.cluster.guests.get(vmid);
  if (guest === undefined) {
    return random.below(5) === 0 ? takeVmid(scene, vmid) : 'nobody takes the free VMID';
  }
  if (guest.kind !== 'qemu' || watch.isBusy(vmid)) return `guest ${vmid} is left in peace`;
  const before = story.cluster.actor;
  story.cluster.actor = 'root@pam';
  const what = pick(random, random.below(4) === 0 ? ROUGH_HANDS : HANDS)(scene, guest);
  story.cluster.actor = before;
  return `somebody ${what} guest ${vmid}`;
};

type Hand = (scene: Scene, guest: QemuGuest) => string;

const HANDS: readonly Hand[] = [
  (_scene, guest) => {
    guest.config.set('memory', '1536').set('cores', '1');
    return 'edits';
  },
  (_scene, guest) => {
    guest.config.set('name', 'renamed');
    return 'renames';
  },
  ({story}, guest) => {
    guest.config.set('lock', 'backup');
    void story.sleep(600_000).then(() => guest.config.delete('lock'));
    return 'locks';
  },
  ({story}, guest) => {
    guest.runtime = undefined;
    publishNow(story.cluster);
    return 'stops';
  },
  ({story}, guest) => {
    const shared = [...guest.config.values()].every((value) => !value.startsWith('local-lvm:'));
    if (!shared || guest.runtime !== undefined) return 'cannot move';
    guest.node = guest.node === 'pve1' ? 'pve2' : 'pve1';
    publishNow(story.cluster);
    return 'moves';
  },
];

/** What makes the guest nobody's business any more. */
const ROUGH_HANDS: readonly Hand[] = [
  ({watch}, guest) => {
    const description = guest.config.get('description');
    if (description === undefined) return 'looks at';
    guest.config.set('description', 'mine now');
    watch.forbid(guest.vmid, 'its marker is gone');
    return 'takes the marker off';
  },
  ({watch}, guest) => {
    guest.config.set('smbios1', 'uuid=99999999-2222-4333-8444-555555555555');
    watch.forbid(guest.vmid, 'its witness is another one');
    return 'changes the identity of';
  },
  (scene, guest) => {
    removeGuest(scene, guest.vmid);
    return 'deletes';
  },
  (scene, guest) => {
    removeGuest(scene, guest.vmid);
    return takeVmid(scene, guest.vmid);
  },
];

function removeGuest({story, watch}: Scene, vmid: number): void {
  const {cluster} = story;
  cluster.guests.delete(vmid);
  for (const [key, volume] of cluster.volumes)
    if (volume.vmid === vmid) cluster.volumes.delete(key);
  recordEffect(cluster, 'destroy', vmid, 'by somebody else');
  watch.permit(vmid);
  publishNow(cluster);
}

function takeVmid({story, watch, random}: Scene, vmid: number): string {
  if (watch.isBusy(vmid)) return 'waits for';
  const {cluster} = story;
  const uuid = `12345678-2222-4333-8444-${random.hex(12)}`;
  addGuest(cluster, vmid, {
    node: 'pve1',
    config: {name: 'theirs', memory: '512', smbios1: `uuid=${uuid}`},
  });
  const before = cluster.actor;
  cluster.actor = 'root@pam';
  recordEffect(cluster, 'create', vmid, 'by somebody else');
  cluster.actor = before;
  publishNow(cluster);
  watch.forbid(vmid, 'it is somebody else’s');
  return 'puts another guest in the place of';
}

const VARIANTS = [
  filesOf({web: {memory: '2GiB', disk: '8GiB'}}),
  filesOf({
    web: {memory: '2GiB', disk: '8GiB'},
    db: {node: 'pve1', second: false, disk: '4GiB'},
  }),
  filesOf({
    web: {memory: '3GiB', disk: '8GiB'},
    db: {node: 'pve2', second: true, disk: '6GiB'},
  }),
  filesOf({db: {node: 'pve1', second: true, disk: '6GiB'}}),
  filesOf({}),
];

const commit: Event = ({story, random}) => {
  const index = random.below(VARIANTS.length);
  story.repository.commit(VARIANTS[index] ?? {});
  return `commit of variant ${index}`;
};

const badCommit: Event = ({story, random}) => {
  const bad: readonly {readonly [path: string]: string}[] = [
    {},
    {'web.yaml': 'kind: [\n'},
    {'web.yaml': 'apiVersion: pvegit/v1\nkind: VirtualMachine\nmetadata: {name: web}\nspec: {}\n'},
  ];
  story.repository.commit(pick(random, bad));
  return 'a bad commit';
};

const sourceFails: Event = ({story, random}) => {
  const {repository} = story;
  switch (random.below(4)) {
    case 0:
      repository.failure = {kind: 'unreachable', message: 'no answer', remedy: 'wait'};
      return 'the source fails';
    case 1:
      repository.rewind();
      return 'the branch goes back';
    case 2:
      repository.rewrite(pick(random, VARIANTS));
      return 'history is rewritten';
    default:
      repository.failure = null;
      return 'the source is well';
  }
};

const killed: Event = ({story, watch}) => {
  story.kill();
  watch.died();
  story.start();
  return 'killed and started';
};

const secondController: Event = ({story}) => {
  story.start();
  return 'a second controller is started by mistake';
};

/** Says yes to what is held, and remembers that somebody did. */
export const operator: Event = ({story, watch, random}) => {
  const report = story.process?.report ?? null;
  const held = (report?.verdicts ?? []).filter(
    ({verdict, reasons}) => verdict === 'hold' && reasons[0]?.reason === 'approval',
  );
  if (held.length === 0) return 'the operator has nothing to do';
  const {fingerprint, key} = pick(random, held);
  const now = story.clock.now();
  const approval = {
    id: `yes-${random.hex(8)}`,
    fingerprint,
    principal: 'ann',
    via: 'terminal' as const,
    issuedAt: now,
    expiresAt: now + 3_600_000,
    reason: 'yes',
  };
  story.journal.addRequest({kind: 'approve', cluster: CLUSTER, approval}, now);
  watch.consent(Number(key.split('/')[1]));
  return `the operator says yes to ${key}`;
};

const resolves: Event = ({story}) => {
  const intent = story.journal.openIntents(CLUSTER).find(({state}) => state === 'unknown');
  if (intent === undefined) return 'nothing is unknown';
  const request = {kind: 'resolve', intent: intent.id, outcome: 'not-done'} as const;
  story.journal.addRequest(request, story.clock.now());
  return `intent ${intent.id} is resolved`;
};

/** Everything that may happen, the usual more often than the rare. */
export const EVENTS: readonly Event[] = [
  ...[requestFault, requestFault, requestFault, requestFault],
  ...[taskFault, taskFault, foreignHand, foreignHand],
  ...[commit, commit, commit, operator, operator],
  ...[vanishedTask, nodeGoes, quorum, permissions, clocks],
  ...[badCommit, sourceFails, killed, secondController, resolves],
];

/** Everything is well again: what the schedule broke is whole, and nobody meddles any more. */
export function heal({story}: Scene): void {
  const {cluster, repository} = story;
  cluster.quorate = true;
  for (const node of cluster.nodes.values()) {
    node.online = true;
    node.daemonUp = true;
    node.clockSkewMs = 0;
  }
  if (cluster.access.acl.length === 0) cluster.access.acl = keptAcl;
  cluster.faults.requests.length = 0;
  cluster.faults.tasks.length = 0;
  for (const guest of cluster.guests.values()) guest.config.delete('lock');
  story.skewMs = 0;
  repository.failure = null;
  const id = repository.commit(VARIANTS[2] ?? {});
  story.journal.setValue('source/infra/accept', id);
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
