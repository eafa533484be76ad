// Why this exists: what comes back from the network has any shape: another version, a proxy, a bug.
// Whatever single value of whatever answer is another than it should be, the pass comes to its end,
// and nothing is destroyed, made anew or forgotten for it.
import {describe, expect, it} from 'vitest';
import type {Plan, Verdict} from '../../src/core/action.ts';
import {isObject, type Json} from '../../src/core/json.ts';
import type {Exchange} from '../../src/core/ports.ts';
import {ok} from '../../src/core/result.ts';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {DEFAULTS, manifest, NEO4J, open, patched, settleAll} from './guest.ts';
import {createStory, type Story} from './world.ts';

/** What a value may turn into; undefined: it is not there. */
const LIES: readonly (Json | undefined)[] = [
  undefined,
  null,
  '',
  'x',
  '7',
  0,
  -1,
  1.5,
  1e300,
  true,
  [],
  [null],
  {},
  {data: 1},
];

describe('an answer with one wrong value', () => {
  it.each(['/cluster/resources', '/pending', '/status/current', '/snapshot', '/nextid', 'rest'])(
    'of %s harms nobody',
    async (which) => {
      const told = await begin();
      const {story} = told;
      const paths = [...told.answers.keys()].filter((path) => groupOf(path) === which);
      expect(paths).not.toEqual([]);
      const harm: string[] = [];
      for (const path of paths) {
        for (const [index, place] of placesIn(told.answers.get(path) ?? null).entries()) {
          for (const lie of liesFor(index)) {
            told.lie = {path, place, lie};
            const {report} = await story.plan();
            const found = harmIn(report.plan, report.verdicts);
            if (found !== null) harm.push(`${path} ${place.join('.')} = ${text(lie)}: ${found}`);
          }
        }
      }
      expect(harm).toEqual([]);
    },
    60_000,
  );
});

/** Some for each place, all over the places; each of them everywhere takes a minute. */
function liesFor(index: number): readonly (Json | undefined)[] {
  return [0, 5, 11].map((step) => LIES[(index + step) % LIES.length]);
}

const GROUPS = ['/cluster/resources', '/pending', '/status/current', '/snapshot'];

function groupOf(path: string): string {
  if (path.includes('/nextid')) return '/nextid';
  return GROUPS.find((group) => path.endsWith(group)) ?? 'rest';
}

/** Guest 152 has left Git and is deleted only with an approval; nothing else is to be done. */
function harmIn(plan: Plan | null, verdicts: readonly Verdict[]): string | null {
  const allowed = new Set(
    verdicts.filter(({verdict}) => verdict === 'allow').map(({fingerprint}) => fingerprint),
  );
  for (const {verb, key, fingerprint, record, findings, risk} of plan?.actions ?? []) {
    if (!allowed.has(fingerprint)) continue;
    if (risk === 'destructive' || verb === 'create' || verb === 'release') return `${verb} ${key}`;
    if (verb === 'none' && findings.length === 0 && record?.kind === 'forget')
      return `forget ${key}`;
  }
  const gone = plan?.actions.find(({verb, key}) => verb === 'delete' && key !== 'guest/152');
  return gone === undefined ? null : `a deletion of ${gone.key} is offered`;
}

interface Told {
  readonly story: Story;
  readonly answers: Map<string, Json>;
  lie: {path: string; place: readonly string[]; lie: Json | undefined} | null;
}

/** Guests of ours, running and stopped and about to leave, one to be made, and a stranger. */
async function begin(): Promise<Told> {
  const answers = new Map<string, Json>();
  let told: Told | null = null;
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: async (request) => {
      const answer = await exchange.request(request);
      if (!answer.ok || answer.value.status !== 200 || request.method !== 'GET') return answer;
      const body: Json = JSON.parse(answer.value.body);
      answers.set(request.path, body);
      if (told?.lie?.path !== request.path) return answer;
      const lied = withLie(body, told.lie.place, told.lie.lie);
      return ok({...answer.value, body: JSON.stringify(lied)});
    },
  });
  const simulator = demoCluster();
  addGuest(simulator, 300, {config: {memory: '512'}});
  const files = {
    'house.yaml': DEFAULTS,
    'a.yaml': manifest(patched(NEO4J, {power: 'running'})),
    'b.yaml': manifest(patched(NEO4J, {vmid: 151, power: 'stopped'}), {name: 'beta'}),
    'c.yaml': manifest(patched(NEO4J, {vmid: 152, power: 'stopped'}), {name: 'gamma'}),
  };
  const story = createStory(simulator, {files, wrap});
  await settleAll(story);
  await settleAll(story);
  expect(await open(story)).toEqual([]);
  story.files.delete('c.yaml');
  // Waits for a guest that does not come, so that whether its VMID is free is asked each time.
  const late = patched(NEO4J, {vmid: 153, clone: {vmid: 999}});
  story.files.set('d.yaml', manifest(late, {name: 'delta'}));
  answers.clear();
  await story.plan();
  told = {story, answers: new Map(answers), lie: null};
  return told;
}

/** Every place in a value: its keys and numbers from the outside in; the empty one is the whole. */
function placesIn(value: Json): readonly (readonly string[])[] {
  const inner = Array.isArray(value) ? [...value.entries()] : isObject(value) ? entries(value) : [];
  return [
    [],
    ...inner.flatMap(([key, item]) => placesIn(item).map((rest) => [String(key), ...rest])),
  ];
}

function entries(value: {readonly [key: string]: Json | undefined}): [string, Json][] {
  return Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, item]]));
}

function withLie(value: Json, [first, ...rest]: readonly string[], lie: Json | undefined): Json {
  if (first === undefined) return lie ?? null;
  if (Array.isArray(value)) {
    const at = Number(first);
    const item: Json = value[at] ?? null;
    if (rest.length === 0 && lie === undefined) return value.toSpliced(at, 1);
    return value.with(at, withLie(item, rest, lie));
  }
  if (!isObject(value)) return value;
  const {[first]: item, ...others} = value;
  if (rest.length === 0 && lie === undefined) return others;
  return {...others, [first]: withLie(item ?? null, rest, lie)};
}

function text(lie: Json | undefined): string {
  return lie === undefined ? '(gone)' : JSON.stringify(lie);
}
