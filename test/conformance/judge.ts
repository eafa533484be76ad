// Why this exists: the ratchet: which answers may differ from the recordings is a committed list
// with a reason each, and that list may only shrink.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Scenario} from './recording.ts';
import type {StepResult} from './replay.ts';

/** What is known of one scenario. */
export interface Listed {
  /** `not-yet` scenarios are replayed and shown but do not count. */
  readonly status: 'replayed' | 'not-yet';
  readonly requests: number;
  /** Why a not-yet scenario is one. */
  readonly because?: string;
  /** Reasons by step number. */
  readonly differences: Readonly<Record<string, string>>;
}

/** The committed list by scenario name. */
export type List = Readonly<Record<string, Listed>>;

/** A replayed scenario must agree in at least this share of its requests. */
const leastPercent = 95;
const noReason = 'no reason given yet';
const file = join(import.meta.dirname, 'differences.json');

/** Read the committed list. */
export function readList(): List {
  // Safe: the file is written by `writeList` in this shape.
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as List) : {};
}

/** The share of agreeing steps, in percent with one decimal. */
export function agreement(results: readonly StepResult[]): number {
  const agreeing = results.filter((result) => result.differences.length === 0).length;
  return Math.floor((agreeing / results.length) * 1000) / 10;
}

/** What is wrong with a scenario against the list; empty when nothing is. */
export function judge(
  scenario: Scenario,
  results: readonly StepResult[],
  listed: Listed | undefined,
): readonly string[] {
  if (listed === undefined) {
    return [`${scenario.name} is not in differences.json`];
  }
  if (listed.requests !== scenario.steps.length) {
    return [`${scenario.name} has ${scenario.steps.length} requests, listed ${listed.requests}`];
  }
  const percent = agreement(results);
  if (listed.status === 'not-yet') {
    const ready = percent >= leastPercent;
    return ready ? [`${scenario.name} agrees at ${percent} %: list it as replayed`] : [];
  }
  const problems = percent < leastPercent ? [`${scenario.name} agrees only at ${percent} %`] : [];
  return [...problems, ...results.flatMap((result) => judgeStep(scenario, result, listed))];
}

function judgeStep(scenario: Scenario, result: StepResult, listed: Listed): readonly string[] {
  const {n} = result.step;
  const reason = listed.differences[String(n)];
  const differs = result.differences.length > 0;
  if (differs && reason === undefined) {
    return [`${scenario.name} ${n} differs: ${result.differences.join('; ')}`];
  }
  if (reason === noReason) {
    return [`${scenario.name} ${n} is listed without a reason`];
  }
  return !differs && reason !== undefined ? [`${scenario.name} ${n} agrees now: unlist it`] : [];
}

/** Write the list anew from results, keeping known reasons. */
export function writeList(
  all: readonly {readonly scenario: Scenario; readonly results: readonly StepResult[]}[],
): void {
  const known = readList();
  const entries = all.map(({scenario, results}) => {
    const before = known[scenario.name];
    const replayed = agreement(results) >= leastPercent;
    const differing = results.filter((result) => result.differences.length > 0);
    const differences = Object.fromEntries(
      differing.map(({step}) => [step.n, before?.differences[step.n] ?? noReason]),
    );
    const listed: Listed = replayed
      ? {status: 'replayed', requests: scenario.steps.length, differences}
      : {
          status: 'not-yet',
          requests: scenario.steps.length,
          because: before?.because ?? noReason,
          differences: {},
        };
    return [scenario.name, listed];
  });
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
}
