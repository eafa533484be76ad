// Why this exists: when passes happen, who leads meanwhile, and how a loop ends.
import {describe, expect, it} from 'vitest';
import type {Log} from '../core/ports.ts';
import type {Report} from '../core/report.ts';
import {openJournal} from '../journal/journal.ts';
import {buildCluster} from '../simulator/build.ts';
import {VirtualTime} from '../simulator/exchange.ts';
import {ClusterLoop, type LoopOptions} from './loop.ts';

const SILENT: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};

function loopOf(with_: Partial<LoopOptions>) {
  const time = new VirtualTime(buildCluster());
  const start = time.now();
  const clock = {
    now: () => time.now(),
    monotonic: () => time.now() - start,
    sleep: (ms: number, signal?: AbortSignal) => time.sleep(ms, signal),
  };
  const random = {float: () => 0.5, bytes: (length: number) => new Uint8Array(length)};
  const journal = openJournal({path: ':memory:', clock, random});
  const passes: number[] = [];
  const broken: unknown[] = [];
  const loop = new ClusterLoop({
    cluster: 'harness',
    holder: 'me',
    intervalMs: 60_000,
    clock,
    random,
    journal,
    log: SILENT,
    metrics: {emit: () => {}},
    passTimeoutMs: 120_000,
    pass: async () => {
      passes.push(clock.monotonic());
      // Safe: the loop hands a report on and looks at nothing in it.
      return {} as Report;
    },
    onReport: () => {},
    onBroken: (error) => broken.push(error),
    ...with_,
  });
  const rival = () => journal.acquireLease('harness', 'rival', clock.now(), 30_000).kind;
  return {loop, clock, journal, passes, broken, rival};
}

describe('a loop', () => {
  it('passes at once, then at its interval, and soon when nudged or asked', async () => {
    const {loop, clock, passes, journal} = loopOf({});
    loop.start();
    await clock.sleep(70_000);
    expect(passes.length).toBe(2);
    for (let times = 0; times < 5; times += 1) loop.nudge();
    await clock.sleep(1_000);
    expect(passes.length).toBe(3);
    journal.addRequest({kind: 'journal-accept'}, clock.now());
    await clock.sleep(2_000);
    expect(passes.length).toBeGreaterThanOrEqual(4);
    await loop.stop();
  });

  it('leads during a pass of any length, and until it gives up', async () => {
    const world = loopOf({
      passTimeoutMs: 600_000,
      pass: async (signal) => {
        await world.clock.sleep(300_000, signal);
        // Safe: see loopOf.
        return {} as Report;
      },
    });
    world.loop.start();
    for (let times = 0; times < 8; times += 1) {
      await world.clock.sleep(35_000);
      expect(world.rival()).toBe('other');
    }
    expect(world.loop.leads()).toBe(true);
    await world.loop.stop();
    expect(world.rival()).toBe('other');
    world.loop.giveUp();
    expect(world.rival()).toBe('held');
    expect(world.loop.leads()).toBe(false);
  });

  it('waits while another one leads', async () => {
    const {loop, clock, passes, rival} = loopOf({});
    expect(rival()).toBe('held');
    loop.start();
    await clock.sleep(25_000);
    expect(passes).toEqual([]);
    expect(loop.leads()).toBe(false);
    expect(loop.isStandby()).toBe(true);
    await clock.sleep(30_000);
    expect(passes.length).toBe(1);
    expect(loop.isStandby()).toBe(false);
    await loop.stop();
  });

  it('cancels the reads of a pass at its deadline, by its own clock', async () => {
    const cut: number[] = [];
    const world = loopOf({
      passTimeoutMs: 90_000,
      pass: async (signal) => {
        await world.clock.sleep(3_600_000, signal);
        cut.push(world.clock.monotonic());
        // Safe: see loopOf.
        return {} as Report;
      },
    });
    world.loop.start();
    await world.clock.sleep(100_000);
    expect(cut).toEqual([90_000]);
    await world.loop.stop();
  });

  it('that makes a mistake stops and says so', async () => {
    const mistake = new Error('our mistake');
    const {loop, clock, broken} = loopOf({pass: () => Promise.reject(mistake)});
    loop.start();
    await clock.sleep(200_000);
    expect(broken).toEqual([mistake]);
  });
});
