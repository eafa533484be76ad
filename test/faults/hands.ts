// Why this exists: what somebody else may do to a guest of ours, at any moment but in the middle of
// a call that carries no digest: there no program can help.
import {addGuest} from '../../src/simulator/build.ts';
import type {Random} from '../../src/simulator/random.ts';
import {sectionsOf} from '../../src/simulator/section.ts';
import {type QemuGuest, recordEffect} from '../../src/simulator/state.ts';
import {publishNow} from '../../src/simulator/statistics.ts';
import type {Event, Scene} from './scene.ts';
import {pick} from './town.ts';
import {OTHER_WITNESS} from './watch.ts';

/** Somebody else's hands on one of our guests. */
export const foreignHand: Event = (scene, random) => {
  const {story, watch, lots} = scene;
  const vmid = pick(random, lots);
  const guest = story.cluster.guests.get(vmid);
  if (guest === undefined) {
    return random.below(5) === 0 ? takeVmid(scene, random, vmid) : 'nobody takes the free VMID';
  }
  if (guest.kind !== 'qemu' || watch.isBusy(vmid)) return `guest ${vmid} is left in peace`;
  const before = story.cluster.actor;
  story.cluster.actor = 'root@pam';
  const what = pick(random, random.below(4) === 0 ? ROUGH_HANDS : HANDS)(scene, guest, random);
  story.cluster.actor = before;
  return `somebody ${what} guest ${vmid}`;
};

/** Somebody edits a guest in the moment in which our own write of it arrives. */
export const race: Event = ({story, lots, watch, ambushes}, random) => {
  const vmid = pick(random, lots);
  const edited = `edited-${random.hex(4)}`;
  ambushes.push(({method, path}) => {
    const guest = story.cluster.guests.get(vmid);
    if (method !== 'PUT' || !path.endsWith(`/qemu/${vmid}/config`)) return null;
    if (guest?.kind !== 'qemu') return null;
    guest.config.set('tags', edited);
    return (answer) => {
      const passed = answer.ok && answer.value.status === 200;
      if (passed) watch.says(`a write to ${vmid} passed over an edit that it had not seen`);
    };
  });
  return `somebody will edit guest ${vmid} right before our next write`;
};

/** HA takes a guest over, or lets it go. */
export const highAvailability: Event = ({story, lots, highlyAvailable, watch}, random) => {
  const vmid = pick(random, lots);
  const resources = sectionsOf(story.cluster, 'ha-resources');
  if (resources.delete(`vm:${vmid}`)) {
    highlyAvailable.delete(vmid);
    return `HA lets ${vmid} go`;
  }
  if (watch.isBusy(vmid) || story.cluster.guests.get(vmid)?.kind !== 'qemu') return 'HA is idle';
  resources.set(`vm:${vmid}`, new Map([['state', 'started']]));
  highlyAvailable.add(vmid);
  return `HA takes ${vmid}`;
};

type Hand = (scene: Scene, guest: QemuGuest, random: Random) => string;

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
  ({story, watch}, guest) => {
    guest.runtime = undefined;
    watch.stopped.delete(guest.vmid);
    publishNow(story.cluster);
    return 'stops';
  },
  (_scene, guest) => {
    if (guest.config.get('protection') === '1') guest.config.delete('protection');
    else guest.config.set('protection', '1');
    return 'protects or lays bare';
  },
  ({story, nodes, moved}, guest, random) => {
    const isShared = [...guest.config.values()].every((value) => !value.startsWith('local-lvm:'));
    if (!isShared || guest.runtime !== undefined) return 'cannot move';
    guest.node = pick(random, nodes);
    moved.add(guest.vmid);
    publishNow(story.cluster);
    return 'moves';
  },
];

/** What makes the guest nobody's business any more. */
const ROUGH_HANDS: readonly Hand[] = [
  ({watch}, guest) => {
    if (guest.config.get('description') === undefined) return 'looks at';
    guest.config.set('description', 'mine now');
    watch.forbid(guest.vmid, 'its marker is gone');
    return 'takes the marker off';
  },
  ({watch}, guest) => {
    guest.config.set('smbios1', 'uuid=99999999-2222-4333-8444-555555555555');
    watch.forbid(guest.vmid, OTHER_WITNESS);
    return 'changes the identity of';
  },
  (scene, guest) => {
    removeGuest(scene, guest.vmid);
    return 'deletes';
  },
  (scene, guest, random) => {
    removeGuest(scene, guest.vmid);
    return takeVmid(scene, random, guest.vmid);
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

function takeVmid({story, watch}: Scene, random: Random, vmid: number): string {
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
