// Why this exists: a controller may be killed at any moment. Here a real process dies by SIGKILL at
// chosen points of the demo's story, is started again, and must come to the same end with nothing
// done twice, judged from the simulator's own log of effects.
import {afterEach, describe, expect, it} from 'vitest';
import {STEPS} from '../../src/cli/demo/script.ts';
import type {Request} from '../../src/simulator/http.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import type {Program} from '../fixtures/program.ts';
import {needs} from '../parts.ts';
import {type ProcessStage, setStage, until} from './stage.ts';

/** When the controller dies: before the cluster did what it was asked, or before its answer. */
interface Point {
  readonly title: string;
  readonly when: 'before' | 'after';
  /** Matched against `METHOD /path body`. */
  readonly request: RegExp;
}

/** In the order of the story; a point is armed once the one before it was met. */
const POINTS: readonly Point[] = [
  {title: 'the first clone is sent', when: 'before', request: /^POST \S+\/100\/clone newid=150/},
  {title: 'the first clone is begun', when: 'after', request: /^POST \S+\/100\/clone newid=150/},
  {title: 'the clone runs', when: 'after', request: /^GET \S+qmclone%3A100\S+\/status/},
  {title: 'its configuration is written', when: 'after', request: /^PUT \S+\/150\/config /},
  {title: 'its disk is to grow', when: 'before', request: /^PUT \S+\/150\/resize /},
  {title: 'it is started', when: 'after', request: /^POST \S+\/150\/status\/start/},
  {title: 'the next clone is begun', when: 'after', request: /^POST \S+\/100\/clone newid=201/},
  {title: 'drift is put right', when: 'after', request: /^PUT \S+\/160\/config tags=projects/},
  {title: 'the guest is shut down', when: 'after', request: /^POST \S+\/202\/status\/shutdown/},
  {title: 'the guest is destroyed', when: 'after', request: /^DELETE \S+\/qemu\/202\?/},
  {title: 'all is done', when: 'after', request: /^GET \S+\/cluster\/resources/},
];

const CONTROLLER = 'pvegit@pve!controller';

/** What the whole story does to the cluster, from its manifests: once each, and nothing else. */
const ONCE: readonly string[] = [
  ...[150, 160, 200, 201, 202].flatMap((vmid) => [
    `create ${vmid}`,
    `clone ${vmid}`,
    `allocate ${vmid}`,
    `allocate ${vmid}`,
    `resize ${vmid}`,
    `start ${vmid}`,
  ]),
  'stop 202',
  'free 202',
  'free 202',
  'destroy 202',
].toSorted();

/** Effects that say what another one says too, or where writing again changes nothing. */
const IDLE: ReadonlySet<string> = new Set(['config', 'cloud-init']);

function doneByUs({effects}: Cluster): readonly string[] {
  return effects
    .filter(({user, what}) => user === CONTROLLER && !IDLE.has(what))
    .map(({what, vmid}) => `${what} ${vmid}`)
    .toSorted();
}

/** Config writes by us that were made twice with the same words. */
function writtenTwice({effects}: Cluster): readonly string[] {
  const ours = effects.filter(({user, what}) => user === CONTROLLER && what === 'config');
  const words = ours
    .filter(({detail}) => detail.startsWith('-'))
    .map(({vmid, detail}) => `${vmid} ${detail}`);
  return words.filter((one, index) => words.indexOf(one) !== index);
}

describe.runIf(needs('git'))('a controller that is killed at chosen points', () => {
  let stage: ProcessStage | null = null;
  afterEach(() => stage?.end());

  it('comes to the same end with nothing done twice', {timeout: 600_000}, async () => {
    const story = new MortalStory();
    stage = await setStage({admit: story.admit, onAnswer: story.answered});
    await story.play(stage);
    expect(story.met).toEqual(POINTS.map(({title}) => title));
    expect(doneByUs(stage.simulator)).toEqual(ONCE);
    expect(writtenTwice(stage.simulator)).toEqual([]);
    expect([...stage.simulator.guests.keys()].toSorted()).toEqual([100, 150, 160, 200, 201]);
    await stage.refresh();
    const {code, output} = await stage.pvegit('plan');
    expect({code, output}).toMatchObject({code: 0});
  });
});

/** Plays the demo's story and kills the controller whenever the next point is met. */
class MortalStory {
  readonly met: string[] = [];
  #program: Program | null = null;
  #restarting: Promise<void> = Promise.resolve();
  #stage: ProcessStage | null = null;
  /** The last point is met only once everything is done. */
  #allDone = false;

  readonly admit = (request: Request): boolean => !this.#kills('before', request);

  readonly answered = (request: Request): void => void this.#kills('after', request);

  async play(stage: ProcessStage): Promise<void> {
    this.#stage = stage;
    this.#program = await stage.start();
    for (const step of STEPS) {
      await stage.refresh();
      await step.act(stage);
      await until(async () => {
        await this.#restarting;
        await stage.refresh();
        return step.missing(stage);
      });
    }
    this.#allDone = true;
    await until(() => (this.met.length === POINTS.length ? null : `met: ${this.met}`));
    await this.#restarting;
    await until(() => settled(stage));
  }

  #kills(when: Point['when'], {method, path, body}: Request): boolean {
    const point = POINTS[this.met.length];
    const program = this.#program;
    if (point === undefined || program === null || point.when !== when) return false;
    if (point === POINTS.at(-1) && !this.#allDone) return false;
    if (!point.request.test(`${method} ${path} ${body}`)) return false;
    this.met.push(point.title);
    this.#program = null;
    program.signal('SIGKILL');
    this.#restarting = this.#restart(program);
    return true;
  }

  async #restart(dead: Program): Promise<void> {
    expect(await dead.ended).toMatchObject({signal: 'SIGKILL'});
    this.#program = (await this.#stage?.start()) ?? null;
  }
}

/** Everything is as Git says, by the controller's own word. */
async function settled(stage: ProcessStage): Promise<string | null> {
  const answer = await fetch(`${stage.url()}/api/v1/status`);
  // Safe: this part of the document is what the API promises.
  const {clusters} = (await answer.json()) as {
    readonly clusters: readonly {readonly counts: {readonly [state: string]: number}}[];
  };
  const counts = clusters[0]?.counts;
  return counts?.['in_sync'] === 4 ? null : JSON.stringify(clusters);
}
