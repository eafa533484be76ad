// Why this exists: the stories of the watchmen begin alike: guests that are ours, a controller at
// work, every request seen where the cluster sees it.
import {deepEqual} from 'node:assert/strict';
import type {Policy} from '../../src/core/policy.ts';
import type {Exchange, ExchangeRequest} from '../../src/core/ports.ts';
import type {Report} from '../../src/core/report.ts';
import type {Cluster, Effect, QemuGuest} from '../../src/simulator/state.ts';
import type {Fate} from '../crash/mortal.ts';
import type {Files} from '../crash/repository.ts';
import {filesOf, scenarioCluster} from '../crash/scenario.ts';
import {CLUSTER, Story, USER} from '../crash/world.ts';

/** Called when a request arrives, before the cluster looks at it. */
export type OnArrival = (request: ExchangeRequest) => void;

/** One story on its stage. */
export interface Stage {
  readonly story: Story;
  readonly cluster: Cluster;
  /** Writes that arrived: `METHOD path`. */
  readonly writes: string[];
  /** Their answers, in the order in which they came: `STATUS METHOD path`. */
  readonly answers: string[];
  onArrival: OnArrival;
}

/** The two guests of the stories, as they usually are. */
export const USUAL = {
  web: {memory: '2GiB', disk: '8GiB'},
  db: {node: 'pve2', second: false, disk: '4GiB'},
} as const;

const stories: Story[] = [];

/** Ends every story that was begun, also those that failed in the middle. */
export function endStories(): void {
  for (const story of stories.splice(0)) story.end();
}

/** A controller on an empty repository. */
export function setStage(options: {readonly policy?: Policy; readonly fate?: Fate} = {}): Stage {
  const cluster = scenarioCluster(7);
  const writes: string[] = [];
  const answers: string[] = [];
  const stage: {current: Stage | null} = {current: null};
  const wrap = (exchange: Exchange): Exchange => ({
    close: () => exchange.close(),
    request: async (request) => {
      const name = `${request.method} ${request.path.slice(10)}`;
      if (request.method !== 'GET') writes.push(name);
      stage.current?.onArrival(request);
      const answer = await exchange.request(request);
      const status = answer.ok ? answer.value.status : answer.error.kind;
      if (request.method !== 'GET') answers.push(`${status} ${name}`);
      return answer;
    },
  });
  const {policy, fate} = options;
  const story = new Story({
    cluster,
    journal: 'memory',
    wrap,
    ...(policy === undefined ? {} : {policy}),
  });
  stories.push(story);
  stage.current = {story, cluster, writes, answers, onArrival: () => {}};
  story.start(fate);
  return stage.current;
}

/** Commits and waits until the guests are as committed. */
export async function reach(stage: Stage, files: Files = filesOf(USUAL)): Promise<void> {
  const commit = stage.story.repository.commit(files);
  await until(stage, (report) => {
    const follows = report.sources.every((source) => source.commit === commit);
    return follows && report.resources.every(({state}) => state === 'in_sync');
  });
}

/** Waits for a report that fits, at most two hours of virtual time. */
export async function until(stage: Stage, fits: (report: Report) => boolean): Promise<Report> {
  for (let second = 0; second < 7_200; second += 1) {
    await stage.story.sleep(1_000);
    const report = stage.story.process?.report ?? null;
    if (report !== null && fits(report)) return report;
  }
  const report = stage.story.process?.report ?? null;
  const states = report?.resources.map(({key, state, because}) => [key, state, because[0]?.detail]);
  throw new Error(`it did not come to that: ${JSON.stringify(states)}`);
}

/** Lets minutes pass. */
export async function minutes(stage: Stage, count: number): Promise<void> {
  await stage.story.sleep(count * 60_000);
}

/** A guest of the stories; our mistake if it is not there. */
export function guestOf({cluster}: Stage, vmid: number): QemuGuest {
  const guest = cluster.guests.get(vmid);
  if (guest?.kind !== 'qemu') throw new Error(`guest ${vmid} is not there`);
  return guest;
}

/** What the controller did since a moment (a number of effects), by kind of effect. */
export function done({cluster}: Stage, since: number, ...what: readonly string[]): string[] {
  const fits = ({user, what: kind}: Effect): boolean =>
    user === USER && (what.length === 0 || what.includes(kind));
  return cluster.effects
    .slice(since)
    .filter(fits)
    .map(({what: kind, vmid}) => `${kind} ${vmid}`);
}

/** Asserts that the controller did nothing since a moment. */
export function didNothing(stage: Stage, since: number): void {
  deepEqual(done(stage, since), []);
}

/** The operator says yes to every action that waits for one; ids of the approvals. */
export function sayYes(stage: Stage): readonly string[] {
  const {story} = stage;
  const now = story.clock.now();
  return (story.process?.report?.verdicts ?? []).flatMap(({verdict, reasons, fingerprint}) => {
    if (verdict !== 'hold' || !reasons.some(({reason}) => reason === 'approval')) return [];
    const id = `yes-${fingerprint.slice(0, 8)}-${now}`;
    const valid = {issuedAt: now, expiresAt: now + 24 * 3_600_000};
    const who = {principal: 'ann', via: 'terminal', reason: 'yes'} as const;
    const approval = {id, fingerprint, ...who, ...valid};
    story.journal.addRequest({kind: 'approve', cluster: CLUSTER, approval}, now);
    return [id];
  });
}
