// Why this exists: a ratchet that never fails holds nothing; each way in which it must is tried.
import {describe, expect, it} from 'vitest';
import {differences} from './compare.ts';
import type {Listed} from './judge.ts';
import {judge} from './judge.ts';
import type {Scenario, Step} from './recording.ts';
import type {StepResult} from './replay.ts';
import {Twins} from './twins.ts';

const steps: readonly Step[] = Array.from({length: 40}, (_, index) => ({
  n: index + 1,
  as: 'anon',
  note: null,
  request: {method: 'GET', path: '/version', params: null},
  response: {status: 200, reason: 'OK', ms: 1},
}));
const scenario: Scenario = {number: '77', name: '77-made-up', steps};

/** Results in which exactly the steps of these numbers differ. */
function results(...differing: readonly number[]): readonly StepResult[] {
  return steps.map((step) => ({
    step,
    differences: differing.includes(step.n) ? ['/data: recorded 1, simulated 2'] : [],
  }));
}

function listed(reasons: Readonly<Record<string, string>>): Listed {
  return {status: 'replayed', requests: 40, differences: reasons};
}

describe('the list of differences', () => {
  it('is content when exactly the listed steps differ', () => {
    expect(judge(scenario, results(3), listed({3: 'hardware'}))).toEqual([]);
  });

  it.each([
    ['grows', results(3, 4), listed({3: 'hardware'}), /77-made-up 4 differs/],
    ['has an entry that agrees', results(), listed({3: 'hardware'}), /3 agrees now: unlist it/],
    ['has an entry without a reason', results(3), listed({3: 'no reason given yet'}), /reason/],
    ['lacks the scenario', results(), undefined, /not in differences.json/],
    [
      'covers too much',
      results(1, 2, 3),
      listed({1: 'aa', 2: 'bb', 3: 'cc'}),
      /agrees only at 92.5 %/,
    ],
  ] as const)('is refused when it %s', (_, found, list, text) => {
    expect(judge(scenario, found, list).join('\n')).toMatch(text);
  });

  it('does not let a scenario hide that has become good enough', () => {
    const hidden: Listed = {...listed({}), status: 'not-yet', because: 'containers'};
    expect(judge(scenario, results(), hidden)).toHaveLength(1);
  });
});

describe('comparing two answers', () => {
  it.each([
    ['a value', {data: {cores: 2}}, {data: {cores: 3}}],
    ['a type', {data: {memory: '512'}}, {data: {memory: 512}}],
    ['a missing key', {data: {a: 1, b: 2}}, {data: {a: 1}}],
    ['an extra key', {data: {a: 1}}, {data: {a: 1, b: 2}}],
    ['a shorter list', {data: [{vmid: 1}, {vmid: 2}]}, {data: [{vmid: 1}]}],
    ['null for a list', {data: []}, {data: null}],
    ['the type of a measurement', {data: {uptime: 5}}, {data: {uptime: '5'}}],
  ])('sees %s', (_, recorded, simulated) => {
    expect(differences(recorded, simulated, new Twins())).not.toEqual([]);
  });

  it('does not see order in lists, measurements and invented ids', () => {
    const recorded = {
      data: [
        {vmid: 1, digest: 'a'.repeat(40)},
        {vmid: 2, uptime: 7},
      ],
    };
    const simulated = {
      data: [
        {vmid: 2, uptime: 9},
        {vmid: 1, digest: 'b'.repeat(40)},
      ],
    };
    expect(differences(recorded, simulated, new Twins())).toEqual([]);
  });

  it('sees a digest that stayed where the recorded one changed, and the reverse', () => {
    const twins = new Twins();
    const [first, second] = ['a'.repeat(40), 'b'.repeat(40)];
    const [mine, other] = ['c'.repeat(40), 'd'.repeat(40)];
    expect(differences({digest: first}, {digest: mine}, twins)).toEqual([]);
    expect(differences({digest: second}, {digest: mine}, twins)).toHaveLength(1);
    expect(differences({digest: first}, {digest: other}, twins)).toHaveLength(1);
  });
});
