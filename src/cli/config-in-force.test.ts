// Why this exists: which configuration is in force must be certain, above all when a stricter one
// is written back after a reload that failed half-way.
import {expect, it} from 'vitest';
import {loadText, MINIMAL} from '../../test/fixtures/config.ts';
import type {Config} from '../config/model.ts';
import {ConfigInForce} from './config-in-force.ts';

/** A second cluster beside that of the smallest configuration. */
const OTHER = (/ {2}harness:\n(?: {4}.*\n)+/.exec(MINIMAL)?.[0] ?? '')
  .replace('harness:', 'other:')
  .replace('https://pve1', 'https://pve2')
  .replace('HARNESS_TOKEN', 'OTHER_TOKEN');
const TWO = MINIMAL.replace('sources:\n', `${OTHER}sources:\n`);

function read(more: string, text = TWO): Config {
  const {config, diagnostics} = loadText(`${text}policy: ${more}\n`);
  if (config === null) throw new Error(JSON.stringify(diagnostics));
  return config;
}

/** Clusters are called by their policy for benign changes, as they are composed. */
function world(first: Config) {
  const events: string[] = [];
  const refused = new Set<string>();
  const force = new ConfigInForce<string>(first, {
    controller: {
      add: (setup) => void events.push(`+${setup}`),
      remove: async (cluster) => void events.push(`-${cluster}`),
    },
    setup: async ({policy}, cluster) => {
      if (refused.has(cluster)) throw new Error(`no token for ${cluster}`);
      return `${cluster} ${policy.benign}`;
    },
  });
  const never = new AbortController().signal;
  const taken = (): readonly string[] => events.splice(0);
  return {force, refused, taken, takeUp: (next: Config) => force.takeUp(next, never)};
}

const AUTOMATIC = read('{benign: automatic}');
const OBSERVE = read('{benign: observe}');

it('clusters whose part changed are started anew, the others are not touched', async () => {
  const {force, taken, takeUp} = world(AUTOMATIC);
  await force.start();
  expect(taken()).toEqual(['+harness automatic', '+other automatic']);
  expect(await takeUp(AUTOMATIC)).toEqual([]);
  expect(taken()).toEqual([]);
  expect(await takeUp(OBSERVE)).toEqual([]);
  expect(taken()).toEqual(['-harness', '+harness observe', '-other', '+other observe']);
  expect(await takeUp(read('{benign: observe}', MINIMAL))).toEqual([]);
  expect(taken()).toEqual(['-other']);
  await takeUp(OBSERVE);
  expect(taken().at(-1)).toBe('+other observe');
});

it('after a reload that failed for one cluster, the others can be put back', async () => {
  const {force, refused, taken, takeUp} = world(OBSERVE);
  await force.start();
  taken();
  refused.add('other');
  expect(await takeUp(AUTOMATIC)).toEqual([{cluster: 'other', because: 'no token for other'}]);
  expect(taken()).toEqual(['-harness', '+harness automatic']);
  expect(await takeUp(OBSERVE)).toEqual([]);
  expect(taken()).toEqual(['-harness', '+harness observe']);
});

it('a cluster that could not be taken up is, when what it lacked is there', async () => {
  const {force, refused, taken, takeUp} = world(AUTOMATIC);
  await force.start();
  refused.add('harness');
  await takeUp(OBSERVE);
  refused.clear();
  taken();
  expect(await takeUp(OBSERVE)).toEqual([]);
  expect(taken()).toEqual(['-harness', '+harness observe']);
});

it('nothing is started by a reload that a stop overtakes', async () => {
  const {force, taken} = world(AUTOMATIC);
  await force.start();
  taken();
  const stop = new AbortController();
  stop.abort();
  await force.takeUp(OBSERVE, stop.signal);
  expect(taken()).toEqual([]);
});

it('the interval of a cluster is the one that it follows', async () => {
  const {force, takeUp} = world(AUTOMATIC);
  await force.start();
  expect(force.intervalMs('harness')).toBe(60_000);
  const often = TWO.replace('    cluster: harness\n', '    cluster: harness\n    interval: 20s\n');
  await takeUp(read('{benign: automatic}', often));
  expect(force.intervalMs('harness')).toBe(20_000);
});
