// Why this exists: the walk through history decides what is rewritten and what must be signed, so
// it is held against the plain definition on many small histories, clocks gone wrong included.
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {ok} from '../core/result.ts';
import type {Commit} from './commit.ts';
import {hasAncestor, newCommits, type ReadCommit} from './history.ts';

/** Commit `i` has parents among those before it; dates follow the numbers or not. */
const histories = (skewed: boolean) =>
  fc.array(fc.array(fc.nat(30), {maxLength: 3}), {minLength: 2, maxLength: 25}).chain((rows) =>
    fc.record({
      parents: fc.constant(
        rows.map((row, at) =>
          [...new Set(row.map((n) => (at === 0 ? -1 : n % at)))].filter((n) => n >= 0),
        ),
      ),
      dates: skewed
        ? fc.array(fc.nat(50), {minLength: rows.length, maxLength: rows.length})
        : fc.constant(rows.map((_, at) => at)),
      older: fc.nat(rows.length - 1),
      newer: fc.nat(rows.length - 1),
    }),
  );

interface History {
  readonly parents: readonly (readonly number[])[];
  readonly dates: readonly number[];
  readonly older: number;
  readonly newer: number;
}

function reader({parents, dates}: History): ReadCommit {
  return async (id) => {
    const mine = parents[Number(id)];
    if (mine === undefined) return ok(null);
    const commit: Commit = {
      tree: '',
      parents: mine.map(String),
      author: '',
      committedAt: dates[Number(id)] ?? 0,
      subject: '',
      signature: null,
      payload: new Uint8Array(),
    };
    return ok(commit);
  };
}

function reachable({parents}: History, from: number): Set<number> {
  const seen = new Set([from]);
  for (const id of seen) for (const parent of parents[id] ?? []) seen.add(parent);
  return seen;
}

function fresh(history: History): string[] {
  const old = reachable(history, history.older);
  return [...reachable(history, history.newer)]
    .filter((id) => !old.has(id))
    .map(String)
    .sort();
}

const ends = ({older, newer}: History) => ({
  older: String(older),
  newer: String(newer),
  limit: 100,
});

test('an ancestor is found exactly when it is one', async () => {
  await fc.assert(
    fc.asyncProperty(histories(true), async (history) => {
      const answer = await hasAncestor(reader(history), ends(history));
      expect(answer).toEqual(ok(reachable(history, history.newer).has(history.older)));
    }),
  );
});

test('new commits are exactly those of one history and not of the other', async () => {
  await fc.assert(
    fc.asyncProperty(histories(false), async (history) => {
      const answer = await newCommits(reader(history), ends(history));
      expect(answer.ok && [...(answer.value ?? [])].sort()).toEqual(fresh(history));
    }),
  );
});

test('with clocks gone wrong none is left out', async () => {
  await fc.assert(
    fc.asyncProperty(histories(true), async (history) => {
      const answer = await newCommits(reader(history), ends(history));
      const named = new Set(answer.ok ? answer.value : []);
      expect(fresh(history).filter((id) => !named.has(id))).toEqual([]);
    }),
  );
});

const line: History = {parents: [[], [0], [1], [2]], dates: [0, 1, 2, 3], older: 0, newer: 3};

test('a longer history than allowed is told as unknown', async () => {
  expect(await newCommits(reader(line), {...ends(line), limit: 2})).toEqual(ok(null));
  expect(await hasAncestor(reader(line), {older: 'x', newer: '3', limit: 2})).toEqual(ok(null));
});

test('a missing commit is never taken for the end of history', async () => {
  const torn: History = {...line, parents: [[], [0], [77], [2]]};
  expect(await newCommits(reader(torn), ends(torn))).toMatchObject({ok: false});
  expect(await hasAncestor(reader(torn), ends(torn))).toEqual(ok(null));
});
