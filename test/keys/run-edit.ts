// Why this exists: each edit runs through the whole engine: the plan predicts, the simulator's
// pending section confirms or refutes, and the next plan must be empty.
import type {Action} from '../../src/core/action.ts';
import type {ApiCall} from '../../src/core/model.ts';
import type {Exchange} from '../../src/core/ports.ts';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {put} from '../../src/simulator/volume.ts';
import {
  commit,
  configOf,
  lineOf,
  manifest,
  open,
  openLines,
  patched,
  pendingOf,
  SECRET,
  type Spec,
  settleAll,
} from '../story/guest.ts';
import {createStory, type Story} from '../story/world.ts';
import {VOLUMES} from './edits-devices.ts';
import {type Effect, expectedEffect, hotplugOf, type KeyEdit, LIVE, type Mode} from './key-edit.ts';
import {type Fate, realFate, type Texts} from './real-rules.ts';

const WITNESS = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const ADOPT = {'pvegit/adopt': WITNESS};

/** Runs one edit; the answer lists what is not as facts.md says, empty when all is. */
export async function runEdit(edit: KeyEdit, mode: Mode): Promise<readonly string[]> {
  const wrong: string[] = [];
  const expected = expectedEffect(edit, mode);
  const cycles: (readonly string[])[] = [];
  const story = await begin(edit, mode, cycles);
  const spec = patched(baseSpec(mode), edit.former ?? {});
  const before = JSON.stringify(configOf(story));
  commit(story, manifest(patched(spec, edit.patch), {name: 'keys', annotations: ADOPT}));
  const planned = await open(story);
  wrong.push(...checkPlan(planned, expected));
  if (mode !== 'stopped') wrong.push(...checkReal(planned, configOf(story)));
  if (wrong.length > 0) return wrong;
  const outcomes = await settleAll(story);
  const done = outcomes.join() === 'update' || (expected === 'held' && outcomes.length === 0);
  if (!done) wrong.push(`not one update: ${outcomes.join('; ') || 'nothing was done'}`);
  wrong.push(...checkCycle(cycles, expected, edit));
  if (expected === 'held') wrong.push(...checkUntouched(story, before));
  else wrong.push(...checkHeld(story, edit));
  await story.clock.sleep(30_000);
  const left = expected === 'held' ? [] : await openLines(story);
  wrong.push(...left.map((line) => `the next plan is not empty: ${line}`));
  const waits = Object.keys(pendingOf(story));
  if (waits.length > 0) wrong.push(`still pending: ${waits.join(', ')}`);
  return wrong;
}

async function begin(edit: KeyEdit, mode: Mode, cycles: (readonly string[])[]): Promise<Story> {
  const cluster = demoCluster({version: edit.since9 ? '9.1' : '8.4'});
  const hotplug = hotplugOf(mode);
  const config = {...LIVE, ...(hotplug === null ? {} : {hotplug}), ...edit.live};
  addGuest(cluster, 150, {config, running: mode !== 'stopped', volumes: VOLUMES});
  addContent(cluster);
  const text = manifest(patched(baseSpec(mode), edit.former ?? {}), {
    name: 'keys',
    annotations: ADOPT,
  });
  const files = {'vm.yaml': text, 'secrets.yaml': SECRET};
  let story: Story | null = null;
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: (request) => {
      const stops = request.method === 'POST' && /status\/(shutdown|stop)$/.test(request.path);
      if (stops && story) cycles.push(Object.keys(pendingOf(story)));
      return exchange.request(request);
    },
  });
  story = createStory(cluster, {files, wrap});
  story.secrets.set('harness.password', 'correct-horse');
  await story.clock.sleep(30_000);
  const outcomes = await settleAll(story);
  if (outcomes.join() !== 'adopt') {
    throw new Error(`not adopted: ${outcomes.join()} ${(await openLines(story)).join('\n')}`);
  }
  return story;
}

function baseSpec(mode: Mode): Spec {
  return {vmid: 150, node: 'pve1', power: mode === 'stopped' ? 'stopped' : 'running'};
}

/** What edits name besides the guest's own volumes. */
function addContent(cluster: Cluster): void {
  for (const [volid, content] of [
    ['local:iso/tiny.iso', 'iso'],
    ['local:snippets/user.yaml', 'snippets'],
  ] as const) {
    put(cluster, {
      volid,
      storage: 'local',
      node: 'pve1',
      format: content === 'iso' ? 'iso' : 'snippet',
      sizeBytes: 1024 ** 2,
      usedBytes: 1024 ** 2,
      vmid: undefined,
      parent: undefined,
      content,
      ctimeS: 0,
      snapshots: new Set(),
    });
  }
  for (const [kind, name, of] of [
    ['pci', 'gpu', 'path=0000:01:00.0,id=10de:1234'],
    ['dir', 'share', 'path=/srv/share'],
  ] as const) {
    const section = new Map([['map', JSON.stringify([`node=pve1,${of}`])]]);
    cluster.sections.set(`mapping-${kind}`, new Map([[name, section]]));
  }
}

/** Exactly one change, with the risk of the effect. */
function checkPlan(planned: readonly Action[], expected: Effect): readonly string[] {
  const all = planned.flatMap((action) => action.changes);
  // A slot that comes is one change: its parts stand below it.
  const slots = all.map(({field}) => `${field}.`);
  const changes = all.filter(({field}) => !slots.some((slot) => field.startsWith(slot)));
  const lines = planned.map(lineOf).join('; ');
  if (planned.length !== 1 || changes.length !== 1) return [`not one change: ${lines || 'none'}`];
  const [action] = planned;
  const held = (action?.findings.length ?? 0) > 0;
  if (held !== (expected === 'held')) return [`${expected} expected: ${lines}`];
  if (expected === 'held') return [];
  const risk = expected === 'now' ? 'benign' : expected === 'lost' ? 'destructive' : 'disruptive';
  return action?.risk === risk ? [] : [`${risk} expected: ${lines} (${changes[0]?.because})`];
}

/**
 * What is written before any stop and waits is what the plan ends with a stop and start, and a stop
 * comes for nothing else.
 */
function checkReal(planned: readonly Action[], live: Texts): readonly string[] {
  const steps = planned.flatMap(({findings, steps}) => (findings.length > 0 ? [] : steps));
  const calls = steps.flatMap((step) => (step.kind === 'until' ? [] : [step]));
  const stop = calls.findIndex(({operation}) => operation === 'shutdown' || operation === 'stop');
  const early = calls.slice(0, stop < 0 ? calls.length : stop);
  const fates = early.flatMap(({call}) => fatesOf(call, live));
  const wrong = fates.filter(({fate}) => fate === 'error' || (fate === 'pending' && stop < 0));
  const lines = wrong.map(({key, fate}) => `Proxmox: ${key} is ${fate}`);
  const late = calls.slice(stop).some(({operation}) => operation === 'config');
  const reason = late || fates.some(({fate}) => fate === 'pending');
  return stop < 0 || reason ? lines : [...lines, 'Proxmox needs no stop for this'];
}

function fatesOf({path, params}: ApiCall, live: Texts): readonly {key: string; fate: Fate}[] {
  if (!path.endsWith('/config') || 'revert' in params) return [];
  const set = Object.entries(params).filter(([key]) => !BESIDES.has(key));
  const gone = String(params['delete'] ?? '')
    .split(',')
    .filter((key) => key !== '');
  return [
    ...set.map(([key, to]) => ({key, fate: realFate(key, String(to), live)})),
    ...gone.map((key) => ({key, fate: realFate(key, undefined, live)})),
  ];
}

const BESIDES = new Set(['delete', 'digest', 'force', 'revert', 'background_delay']);

/** A stop came exactly if it was predicted, and then the key did wait for it. */
function checkCycle(
  cycles: readonly (readonly string[])[],
  expected: Effect,
  {holds}: KeyEdit,
): readonly string[] {
  const stops = expected === 'cycle' || expected === 'cold';
  if (!stops) return cycles.length === 0 ? [] : ['the guest was stopped'];
  if (cycles.length !== 1) return [`${cycles.length} stops instead of one`];
  if (expected === 'cold') return cycles[0]?.length === 0 ? [] : ['written before the stop'];
  const waits = Object.keys(holds).some((key) => cycles[0]?.includes(key));
  return waits ? [] : [`pending did not confirm the cycle: ${cycles[0]?.join(', ')}`];
}

function checkUntouched(story: Story, before: string): readonly string[] {
  return JSON.stringify(configOf(story)) === before ? [] : ['what is held was written'];
}

function checkHeld(story: Story, {holds}: KeyEdit): readonly string[] {
  const config = configOf(story);
  return Object.entries(holds).flatMap(([key, wanted]) => {
    const live = config[key];
    const good =
      wanted === null
        ? live === undefined
        : typeof wanted === 'string'
          ? live === wanted
          : wanted.test(live ?? '');
    return good ? [] : [`${key} is ${live ?? '(none)'}, expected ${String(wanted)}`];
  });
}
