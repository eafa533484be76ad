// Why this exists: guests are planned while others are still read. Whatever goes wrong with that
// belongs to its pass: a rejection that nobody awaits yet would end the whole controller.
import {setImmediate as turn} from 'node:timers/promises';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Json} from '../core/json.ts';
import type {ResourceKind} from '../core/kind.ts';
import type {Result} from '../core/result.ts';
import {ok} from '../core/result.ts';
import {inputOf, recorded, wanted} from '../plan/samples.ts';
import {toyKind} from '../plan/toy-kind.ts';
import {newMemory} from './memory.ts';
import {observe} from './observe.ts';
import type {ClusterParts} from './parts.ts';

const KEYS = Array.from({length: 60}, (_, index) => `guest/${1000 + index}`);
/** More than a batch of answers; the rest comes when the test says so. */
const FIRST_ANSWERS = 40;

/** A cluster of toys with a read each, whose kind cannot bear to look at one of them. */
function world(spoilt: string) {
  const held = Promise.withResolvers<void>();
  const looks: string[] = [];
  const state = {answers: 0, looks};
  const read = async (path: string): Promise<Result<Json, never>> => {
    if (!path.startsWith('/toys/')) return ok(path === '/version' ? {release: '8.4'} : []);
    state.answers += 1;
    if (state.answers > FIRST_ANSWERS) await held.promise;
    return ok({});
  };
  const kind: ResourceKind = {
    ...toyKind(),
    reads: (key) => [{method: 'GET', path: `/toys/${key}`, params: {}}],
    observe: (key) => {
      state.looks.push(key);
      if (key === spoilt) throw new Error('our mistake');
      return {kind: 'absent'};
    },
  };
  const basis = inputOf({
    desired: KEYS.map((key) => wanted({key})),
    records: KEYS.map((key) => recorded({key})),
    kinds: [kind],
  });
  const few = {
    cluster: 'harness',
    kinds: [kind],
    pve: {cluster: 'harness', read},
    clock: {now: () => 0, monotonic: () => 0},
    limits: {readsPerNode: 3},
  };
  // Safe: to observe takes nothing else of a cluster's parts.
  const parts = few as unknown as ClusterParts;
  const begin = () => {
    const wish = {early: null, basis: Promise.resolve(basis)};
    return observe(parts, newMemory(), wish, new AbortController().signal);
  };
  return {state, begin, answerAll: () => held.resolve()};
}

describe('what is planned while others are read', () => {
  const unheard: unknown[] = [];
  const note = (reason: unknown): void => void unheard.push(reason);
  beforeEach(() => {
    unheard.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(() => void process.off('unhandledRejection', note));

  it('fails its pass and nothing else, when a kind throws before all is read', async () => {
    const {state, begin, answerAll} = world('guest/1007');
    const pass = begin();
    while (!state.looks.includes('guest/1007')) await turn();
    // Node tells of what nobody listens to once the turn is over.
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(state.answers).toBeLessThan(KEYS.length);
    expect(unheard).toEqual([]);
    answerAll();
    await expect(pass).rejects.toThrow('our mistake');
    expect(unheard).toEqual([]);
  });

  it('is one batch after another, each guest once, the rest at the end', async () => {
    const {state, begin, answerAll} = world('nobody');
    const pass = begin();
    while (state.looks.length < 32) await turn();
    expect(state.answers).toBeLessThan(KEYS.length);
    answerAll();
    const {inventory} = await pass;
    expect(Object.keys(inventory.reads).filter((path) => path.startsWith('/toys/'))).toHaveLength(
      KEYS.length,
    );
    expect(new Set(state.looks).size).toBe(state.looks.length);
  });
});
