// Why this exists: what the cluster, the network and the clocks may do at any moment.
import {
  armRequest,
  armTask,
  type RequestFault,
  type TaskFault,
} from '../../src/simulator/faults.ts';
import type {Random} from '../../src/simulator/random.ts';
import type {Event} from './scene.ts';
import {pick} from './town.ts';

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

function drawFault(random: Random): RequestFault {
  const [status, reason] = pick(random, REFUSALS);
  return pick<RequestFault>(random, [
    {kind: 'cut-before'},
    {kind: 'cut-after'},
    {kind: 'no-answer'},
    {kind: 'answer-lost'},
    {kind: 'slow', delayMs: 1000 * (1 + random.below(40))},
    {kind: 'answer', status, reason},
    {kind: 'answer', status, reason},
  ]);
}

/** Some requests of one method suffer. */
export const requestFault: Event = ({story}, random) => {
  const fault = drawFault(random);
  const method = pick(random, ['GET', 'GET', 'PUT', 'POST', 'DELETE', 'PUT', 'POST'] as const);
  const times = 1 + random.below(4);
  armRequest(story.cluster, {method, path: /./, skip: random.below(6), times}, fault);
  return `${times} ${method} suffer ${JSON.stringify(fault)}`;
};

/** Everything about one guest fails for a while. */
export const poisonedGuest: Event = ({story, lots}, random) => {
  const [vmid, fault] = [pick(random, lots), drawFault(random)];
  const path = new RegExp(`/qemu/${vmid}/`);
  armRequest(story.cluster, {path, times: 5 + random.below(40)}, fault);
  return `requests to ${vmid} suffer ${JSON.stringify(fault)}`;
};

/** A worker of Proxmox does not do as it should. */
export const taskFault: Event = ({story}, random) => {
  const faults: readonly TaskFault[] = [
    {kind: 'fails', text: 'it did not work', when: 'start'},
    {kind: 'fails', text: 'it did not work', when: 'end'},
    {kind: 'warns', text: 'something is odd'},
    {kind: 'late', delayMs: 1000 * random.below(600)},
    {kind: 'killed', afterMs: 100 * random.below(30)},
    {kind: 'vanishes'},
  ];
  const [type, fault] = [pick(random, TASKS), pick(random, faults)];
  armTask(story.cluster, {type, skip: random.below(2), times: 1 + random.below(2)}, fault);
  return `a ${type} task suffers ${JSON.stringify(fault)}`;
};

/** The list of ended tasks is emptied. */
export const vanishedTasks: Event = ({story}) => {
  const {tasks} = story.cluster;
  for (const [upid, task] of tasks) if (task.exitStatus !== undefined) tasks.delete(upid);
  return 'ended tasks are forgotten';
};

/** A node goes or comes back, or its daemon does. */
export const nodeGoes: Event = ({story}, random) => {
  const node = pick(random, [...story.cluster.nodes.values()]);
  if (random.below(2) === 0) node.online = !node.online;
  else node.daemonUp = !node.daemonUp;
  return `${node.name} online ${node.online}, daemon ${node.daemonUp}`;
};

/** Quorum goes or comes back. */
export const quorum: Event = ({story}) => {
  story.cluster.quorate = !story.cluster.quorate;
  return `quorate ${story.cluster.quorate}`;
};

/** All permissions of the controller, or some, are taken away, or given back. */
export const permissions: Event = (scene, random) => {
  const {access} = scene.story.cluster;
  if (scene.acl !== null) {
    [access.acl, scene.acl] = [scene.acl, null];
    return 'the permissions are back';
  }
  scene.acl = access.acl;
  const roles = ['PVEAuditor', 'PVEVMUser', 'PVEDatastoreUser'];
  const role = pick(random, roles);
  access.acl = random.below(2) === 0 ? [] : access.acl.map((entry) => ({...entry, role}));
  return access.acl.length === 0 ? 'no permission is left' : `only ${role} is left`;
};

/** A clock is off, the controller's or the nodes'. */
export const clocks: Event = ({story}, random) => {
  const skewMs = (random.below(7) - 3) * 45_000;
  if (random.below(2) === 0) story.skewMs = skewMs;
  else for (const node of story.cluster.nodes.values()) node.clockSkewMs = skewMs;
  return `a clock is off by ${skewMs} ms`;
};
