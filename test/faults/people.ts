// Why this exists: what the people beside the controller may say at any moment: yes, wait, go on,
// it was done, try again, and what the controller may do at all.
import type {Intent} from '../../src/core/action.ts';
import type {Policy} from '../../src/core/policy.ts';
import {CLUSTER, POLICY} from '../crash/world.ts';
import type {Event, Scene} from './scene.ts';
import {pick} from './town.ts';

/** Policies that a controller is given in the middle of its work. */
const POLICIES: readonly (readonly [string, Policy])[] = [
  ['the usual', POLICY],
  ['the usual', POLICY],
  ['disruption by approval', {...POLICY, disruptive: 'approval'}],
  ['no destruction', {...POLICY, destructive: {kind: 'observe'}}],
  [
    'observe all',
    {...POLICY, benign: 'observe', disruptive: 'observe', destructive: {kind: 'observe'}},
  ],
  ['a closed window', {...POLICY, windows: [deny()]}],
  ['drift is only reported', {...POLICY, drift: {benign: 'report', disruptive: 'report'}}],
];

function deny(): Policy['windows'][number] {
  const classes = ['benign', 'disruptive', 'destructive'] as const;
  return {kind: 'deny', classes, schedule: '* * * * *', timeZone: 'UTC', durationMs: 120_000};
}

/** Says yes to one thing that is held for it, and remembers that somebody did. */
export const operator: Event = (scene, random) => {
  const held = asked(scene);
  return held.length === 0 ? 'the operator has nothing to do' : sayYes(scene, pick(random, held));
};

/** Says yes to everything that is held for it. */
export const generousOperator: Event = (scene) => {
  const said = sayYesToAll(scene);
  return said.length === 0 ? 'the operator has nothing to do' : said.join(', ');
};

/** Says yes to everything that is held for it now; to what, in words. */
export function sayYesToAll(scene: Scene): readonly string[] {
  return asked(scene).map((held) => sayYes(scene, held));
}

/** Says yes to a whole set of destructive actions. */
export function approveSet(scene: Scene): void {
  const plan = scene.story.leader?.report?.plan;
  if (plan?.setFingerprint != null) request(scene, plan.setFingerprint);
}

interface Held {
  readonly key: string;
  readonly fingerprint: string;
  readonly destroys: boolean;
}

/** What a person could say yes to now. */
function asked({story}: Scene): readonly Held[] {
  const report = story.leader?.report ?? null;
  if (report === null) return [];
  const actions = new Map(report.plan?.actions.map((one) => [one.fingerprint, one]) ?? []);
  return report.verdicts.flatMap(({key, fingerprint, verdict, reasons}) => {
    const [first] = reasons;
    const wanted = first?.reason === 'approval' || first?.reason === 'conflict';
    if (verdict !== 'hold' || !wanted) return [];
    return [{key, fingerprint, destroys: actions.get(fingerprint)?.risk === 'destructive'}];
  });
}

function sayYes(scene: Scene, {key, fingerprint, destroys}: Held): string {
  request(scene, fingerprint);
  scene.watch.consent(Number(key.split('/')[1]), destroys);
  return `the operator says yes to ${key}`;
}

function request(scene: Scene, fingerprint: string): void {
  const {story} = scene;
  const now = story.clock.now();
  scene.approvals += 1;
  const approval = {
    id: `yes-${scene.approvals}`,
    fingerprint,
    principal: 'ann',
    via: 'terminal' as const,
    issuedAt: now,
    expiresAt: now + 3_600_000,
    reason: 'yes',
  };
  story.journal.addRequest({kind: 'approve', cluster: CLUSTER, approval}, now);
}

/** Somebody pauses a guest or the whole cluster, or lets it go on. */
export const suspension: Event = ({story, lots}, random) => {
  const {journal, clock} = story;
  const [held] = journal.suspensions(CLUSTER);
  if (held !== undefined && random.below(2) === 0) {
    journal.resume(CLUSTER, held.key);
    return `${held.key} is resumed`;
  }
  const key = random.below(4) === 0 ? '*' : `guest/${pick(random, lots)}`;
  const now = clock.now();
  const expiresAt = random.below(2) === 0 ? null : now + 600_000;
  journal.suspend({cluster: CLUSTER, key, reason: 'wait', owner: 'bob', since: now, expiresAt});
  return `${key} is suspended`;
};

/** The configuration of the controllers is changed. */
export const policy: Event = async (scene, random) => {
  const [name, next] = pick(random, POLICIES);
  if (scene.story.isFull) return 'the policy stays';
  await changePolicy(scene, next);
  return `policy: ${name}`;
};

/** Changes the configuration; until it is in force in every process, nothing is judged by it. */
export async function changePolicy(scene: Scene, next: Policy): Promise<void> {
  scene.reloading = true;
  await scene.story.reload({policy: next});
  scene.reloading = false;
}

/** Somebody looked what became of a call. */
export const resolves: Event = (scene) => {
  const {journal} = scene.story;
  const intent = journal.openIntents(CLUSTER).find(({state}) => state === 'unknown');
  return intent === undefined ? 'nothing is unknown' : resolveIntent(scene, intent);
};

/** A person looks what became of a call, and says so. */
export function resolveIntent({story}: Scene, {id, vmid, step}: Intent): string {
  const {tasks, guests} = story.cluster;
  const busy = [...tasks.values()].some(({exitStatus}) => exitStatus === undefined);
  if (busy || vmid === null) return `intent ${id} is still looked at`;
  const makes = step.operation === 'create' || step.operation === 'clone';
  const ends = step.operation === 'destroy';
  const isDone = (makes && guests.has(vmid)) || (ends && !guests.has(vmid));
  const outcome = isDone ? 'done' : 'not-done';
  story.journal.addRequest({kind: 'resolve', intent: id, outcome}, story.clock.now());
  return `intent ${id} is resolved as ${outcome}`;
}

/** Somebody asks to try again. */
export const retry: Event = ({story, lots}, random) => {
  const key = `guest/${pick(random, lots)}`;
  story.journal.addRequest({kind: 'retry', cluster: CLUSTER, key}, story.clock.now());
  return `${key} is to be tried again`;
};
