// Why this exists: clusters stand side by side: what breaks one never stops another.
import {expect, it} from 'vitest';
import {JournalError, type Log, type Pve, type Source} from '../core/ports.ts';
import type {MetricEvent} from '../core/report.ts';
import {err, ok} from '../core/result.ts';
import {openJournal} from '../journal/journal.ts';
import {buildCluster} from '../simulator/build.ts';
import {VirtualTime} from '../simulator/exchange.ts';
import {type ClusterSetup, Controller} from './controller.ts';
import {newMemory} from './memory.ts';

const SILENT: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};

const DOWN = {kind: 'connection', status: null, message: 'x', errors: {}, sent: 'no'} as const;

function world() {
  const time = new VirtualTime(buildCluster());
  const clock = {
    now: () => time.now(),
    monotonic: () => time.now(),
    sleep: (ms: number, signal?: AbortSignal) => time.sleep(ms, signal),
  };
  const random = {float: () => 0.5, bytes: (length: number) => new Uint8Array(length)};
  const journal = openJournal({path: ':memory:', clock, random});
  const events: MetricEvent[] = [];
  const closed: string[] = [];
  const setup = (cluster: string, fetch: Source['fetch']): ClusterSetup => {
    const pve: Pve = {
      cluster,
      read: async () => err(DOWN),
      write: async () => err(DOWN),
      task: async () => err(DOWN),
      clockOffsetMs: () => null,
      endpoints: () => [],
      close: async () => void closed.push(cluster),
    };
    const close = async (): Promise<void> => {};
    const source: Source = {name: cluster, fetch, watch: () => () => {}, close};
    const scope = {vmids: [], nodes: [], storages: [], bridges: [], pools: [], kinds: []};
    return {
      parts: {
        cluster,
        installation: 'home',
        kinds: [],
        sources: [{source, repository: 'x', scope: {...scope, devices: false}, intervalMs: 60_000}],
        pve,
        journal,
        secrets: {reveal: async () => ok(''), hash: async () => ok('')},
        clock,
        random,
        log: SILENT,
        metrics: {emit: (event) => void events.push(event)},
        policy: {
          benign: 'automatic',
          disruptive: 'approval',
          destructive: {kind: 'observe'},
          drift: {benign: 'correct', disruptive: 'report'},
          blastRadius: {actions: 1, guestsPercent: 0},
          windows: [],
          expectedMs: {},
        },
        limits: {readsPerNode: 1, tasksPerNode: 1, clonesPerStorage: 1},
        selfVmid: null,
        selfUuid: null,
        user: 'a@b!c',
        approvals: () => [],
      },
      memory: newMemory(),
      evidence: {save: async (name) => ok(name)},
      passTimeoutMs: 60_000,
    };
  };
  return {clock, journal, setup, events, closed};
}

const UNREACHABLE = {kind: 'unreachable', message: 'no answer', remedy: 'wait'} as const;

it('a mistake in one cluster stops that one, and the other goes on', async () => {
  const {clock, setup} = world();
  const broken: string[] = [];
  const reports: string[] = [];
  const controller = new Controller({
    holder: 'me',
    onReport: ({cluster}) => void reports.push(cluster),
    onBroken: (cluster) => void broken.push(cluster),
  });
  controller.add(setup('bad', () => Promise.reject(new Error('our mistake'))));
  controller.add(setup('good', async () => err(UNREACHABLE)));
  await clock.sleep(5 * 60_000);
  expect(broken).toEqual(['bad']);
  expect(reports.length).toBeGreaterThan(3);
  expect(new Set(reports)).toEqual(new Set(['good']));
  await controller.stop();
});

it('a cluster that is removed is closed and forgotten; a nudge makes a pass', async () => {
  const {clock, setup, events, closed} = world();
  const reports: string[] = [];
  const controller = new Controller({
    holder: 'me',
    onReport: ({cluster}) => void reports.push(cluster),
    onBroken: () => {},
  });
  controller.add(setup('one', async () => err(UNREACHABLE)));
  controller.add(setup('two', async () => err(UNREACHABLE)));
  await clock.sleep(2_000);
  const before = reports.length;
  controller.nudge('one');
  await clock.sleep(2_000);
  expect(reports.slice(before)).toEqual(['one']);
  expect([...controller.reports().keys()].toSorted()).toEqual(['one', 'two']);
  await controller.remove('one');
  await controller.remove('one');
  expect(controller.clusters()).toEqual(['two']);
  expect(closed).toEqual(['one']);
  expect(events).toContainEqual({kind: 'forget-cluster', cluster: 'one'});
  await controller.stop();
});

/** A controller of one cluster whose journal fails as it is told. */
function failing(kind: JournalError['kind']) {
  const {clock, journal, setup, closed} = world();
  const disk = {fails: false};
  const restored = setup('one', async () => err(UNREACHABLE));
  const acquireLease: typeof journal.acquireLease = (...lease) => {
    if (disk.fails) throw new JournalError(kind, 'no', 'wait');
    return journal.acquireLease(...lease);
  };
  const rests: (number | null)[] = [];
  const reports: number[] = [];
  const controller = new Controller({
    holder: 'me',
    onReport: () => void reports.push(clock.now()),
    onBroken: (_cluster, _error, againMs) => void rests.push(againMs),
  });
  const releaseLease: typeof journal.releaseLease = (...lease) => {
    if (disk.fails) throw new JournalError(kind, 'no', 'wait');
    journal.releaseLease(...lease);
  };
  const leases = {acquireLease, releaseLease};
  controller.add({...restored, parts: {...restored.parts, journal: {...journal, ...leases}}});
  return {clock, disk, rests, reports, controller, closed};
}

it('a journal that was full for a while is tried again, with growing pauses', async () => {
  const {clock, disk, rests, reports, controller, closed} = failing('full');
  await clock.sleep(90_000);
  disk.fails = true;
  await clock.sleep(600_000);
  expect(rests.slice(0, 3)).toEqual([10_000, 20_000, 40_000]);
  expect(Math.max(...rests.map(Number))).toBeLessThanOrEqual(300_000);
  const before = reports.length;
  disk.fails = false;
  await clock.sleep(600_000);
  expect(reports.length).toBeGreaterThan(before + 2);
  disk.fails = true;
  rests.splice(0);
  await clock.sleep(120_000);
  expect(rests[0]).toBe(10_000);
  await controller.stop();
  disk.fails = false;
  const after = reports.length;
  await clock.sleep(600_000);
  expect([reports.length - after, closed]).toEqual([0, ['one']]);
});

it('a cluster that is removed gives its lease back last, when nothing is under way', async () => {
  const {clock, journal, setup} = world();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<ReturnType<typeof err<typeof UNREACHABLE>>>();
  const controller = new Controller({holder: 'me', onReport: () => {}, onBroken: () => {}});
  controller.add(
    setup('one', () => {
      asked.resolve();
      return answer.promise;
    }),
  );
  await asked.promise;
  const removed = controller.remove('one');
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  expect(journal.leader('one', clock.now())).toBe('me');
  answer.resolve(err(UNREACHABLE));
  await removed;
  expect(journal.leader('one', clock.now())).toBeNull();
});

it.each([
  ['busy', 10_000],
  ['io', 10_000],
  ['permission', 10_000],
  ['corrupt', null],
  ['newer', null],
] as const)('a journal that is %s: its cluster rests, or ends for good', async (kind, rest) => {
  const {clock, disk, rests, reports, controller} = failing(kind);
  await clock.sleep(90_000);
  disk.fails = true;
  await clock.sleep(66_500);
  disk.fails = false;
  const before = reports.length;
  await clock.sleep(600_000);
  expect(rests[0]).toBe(rest);
  expect(reports.length > before).toBe(rest !== null);
  await controller.stop();
});
