// Why this exists: a lost answer is looked for by its task first. A task that is taken for ours and
// is another's, or one of ours that is overlooked, is a call that is made twice or never.
import {describe, expect, it} from 'vitest';
import type {CallStep, Intent} from '../core/action.ts';
import type {Json} from '../core/json.ts';
import type {Observation, PveError} from '../core/model.ts';
import type {Pve, TaskResult} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';
import {openJournal} from '../journal/journal.ts';
import {toyKind} from '../plan/toy-kind.ts';
import {formatUpid} from '../pve/wire.ts';
import type {ApplyContext} from './context.ts';
import {resolveIntent} from './resolve.ts';
import {sampleIntent, sampleObserved, sampleStep} from './samples.ts';

const USER = 'pvegit@pve!controller';
const BEGIN_MS = 1_700_000_000_000;
const SHUTDOWN = sampleStep({
  kind: 'task',
  operation: 'shutdown',
  call: {method: 'POST', path: '/nodes/pve1/qemu/150/status/shutdown', params: {}},
});
const CLONE = sampleStep({
  kind: 'task',
  operation: 'clone',
  call: {method: 'POST', path: '/nodes/pve1/qemu/100/clone', params: {newid: 150}},
});
const RUNS: Observation = {kind: 'present', observed: sampleObserved({power: 'running'})};
const STOPPED: Observation = {kind: 'present', observed: sampleObserved({power: 'stopped'})};
const NO_ROUTE = error('node-unreachable', 'No route to host');

function error(kind: PveError['kind'], message: string): PveError {
  return {kind, status: 595, message, errors: {}, sent: 'answered'};
}

function upid(secondsLater: number, user = USER): string {
  const starttime = BEGIN_MS / 1000 + secondsLater;
  return formatUpid({
    ...{node: 'pve1', pid: 100 + secondsLater, pstart: 1, starttime},
    ...{type: 'qmshutdown', id: '150', user},
  });
}

/** What the cluster says; each part may be left out. */
interface Said {
  readonly step?: CallStep;
  readonly seen?: Observation;
  readonly tasks?: readonly string[] | PveError;
  readonly task?: Result<Partial<TaskResult>, PveError>;
  /** Node's clock minus ours, ms; null: it does not say. */
  readonly nodeMs?: number | null;
  /** What the `Date` of other answers says of it, ms. */
  readonly dateMs?: number;
}

/** A world in which intent 1 was journalled at its beginning, ten seconds ago. */
function world(said: Said) {
  const time = {wallMs: BEGIN_MS, monotonicMs: 0};
  const clock = {
    now: () => time.wallMs,
    monotonic: () => time.monotonicMs,
    sleep: async (ms: number) => {
      time.wallMs += ms;
      time.monotonicMs += ms;
    },
  };
  const random = {bytes: (length: number) => new Uint8Array(length)};
  const journal = openJournal({path: ':memory:', clock, random});
  const asked: string[] = [];
  const read = (path: string): Result<Json, PveError> => {
    asked.push(path);
    const {nodeMs = 0, tasks = []} = said;
    const isTime = path.endsWith('/time');
    if (isTime) return nodeMs === null ? err(NO_ROUTE) : ok({time: (time.wallMs + nodeMs) / 1000});
    if (!path.includes('/tasks?')) return ok(null);
    return 'kind' in tasks ? err(tasks) : ok(tasks.map((one) => ({upid: one})));
  };
  const pve: Pick<Pve, 'read' | 'task' | 'clockOffsetMs'> = {
    read: async (path) => read(path),
    task: async (one) => {
      const ended = said.task ?? ok({exitStatus: 'OK', success: true});
      return ended.ok
        ? ok({upid: one, exitStatus: '', success: true, warnings: 0, ...ended.value})
        : ended;
    },
    clockOffsetMs: () => said.dateMs ?? 0,
  };
  const kind = {...toyKind(), name: 'Toy', reads: () => [], observe: () => said.seen ?? RUNS};
  const parts = {cluster: 'harness', user: USER, kinds: [kind], pve, journal, clock};
  // Safe: to resolve an intent nothing else of the context is touched.
  const context = parts as unknown as ApplyContext;
  const draft = sampleIntent(said.step ?? SHUTDOWN, {openedAt: BEGIN_MS});
  const id = journal.openIntent(draft, null);
  const intent: Intent = {...draft, id};
  time.wallMs += 10_000;
  time.monotonicMs += 10_000;
  const look = (askedAt?: number) => {
    const search = {signal: new AbortController().signal};
    return resolveIntent(context, intent, askedAt === undefined ? search : {...search, askedAt});
  };
  const since = (): number => {
    const query = asked.find((path) => path.includes('/tasks?')) ?? '';
    return Number(new URLSearchParams(query.split('?')[1]).get('since')) - BEGIN_MS / 1000;
  };
  return {time, journal, intent, look, since};
}

describe('the task of a call whose answer was lost', () => {
  it('is taken where there is one of ours, and journalled', async () => {
    const {journal, intent, look} = world({tasks: [upid(1)]});
    expect(await look()).toEqual({kind: 'done', because: 'OK', upid: upid(1)});
    expect(journal.intent(intent.id)?.upid).toBe(upid(1));
  });

  it.each([
    ['another user', [upid(1, 'alice@pve!hand')]],
    ['the same user without the token', [upid(1, 'pvegit@pve')]],
    ['nobody: what is listed is no task', ['150']],
  ])('is not that of %s', async (_, tasks) => {
    expect(await world({tasks}).look()).toMatchObject({kind: 'not-done'});
  });

  it('is not one that another intent of the guest has, even one from before', async () => {
    const {journal, look} = world({tasks: [upid(1)]});
    const former = sampleIntent(SHUTDOWN, {openedAt: BEGIN_MS - 3_000_000});
    journal.setTask(journal.openIntent(former, null), upid(1));
    expect(await look()).toMatchObject({kind: 'not-done'});
  });

  it('is the newest of several', async () => {
    const {look} = world({tasks: [upid(1), upid(5), upid(3)]});
    expect(await look()).toMatchObject({upid: upid(5)});
  });

  it('of a clone is not that of another guest from the same template', async () => {
    const seen = {kind: 'absent'} as const;
    const {journal, look} = world({step: CLONE, tasks: [upid(1)], seen});
    const other = sampleIntent(CLONE, {key: 'guest/151', vmid: 151, openedAt: BEGIN_MS});
    journal.setTask(journal.openIntent(other, null), upid(1));
    expect(await look()).toMatchObject({kind: 'not-done'});
  });

  it('of a clone is told by the state when two could be it', async () => {
    const {journal, intent, look} = world({step: CLONE, tasks: [upid(1), upid(2)], seen: STOPPED});
    expect(await look()).toEqual({kind: 'done', because: 'the guest has our marker'});
    expect(journal.intent(intent.id)?.upid).toBeNull();
  });

  it('is not ruled out by a list that cannot be read', async () => {
    const result = await world({tasks: NO_ROUTE}).look();
    expect(result).toEqual({kind: 'unknown', because: 'No route to host'});
  });

  it.each([
    ['as our own clock', {nodeMs: 0}, -5],
    ['behind, whatever another node says', {nodeMs: -600_000, dateMs: 7_000}, -605],
    ['ahead', {nodeMs: 600_000}, 595],
    ['as the last answer said, where the node is silent', {nodeMs: null, dateMs: 9_000}, -111],
  ])(
    'is looked for from the intent on, by the clock of its node: %s',
    async (_, said, expected) => {
      const {look, since} = world({tasks: [upid(1)], ...said});
      await look();
      expect(since()).toBe(expected);
    },
  );
});

describe('our own clock, set while an answer is waited for', () => {
  it('back: a day is looked through, since nobody knows how long ago it was', async () => {
    const {time, look, since} = world({tasks: [upid(1)]});
    time.wallMs -= 3_600_000;
    await look();
    expect(since()).toBeLessThan(-86_400);
  });

  it('ahead: the call is not taken for undone before its time', async () => {
    const {time, look} = world({});
    time.wallMs += 3_600_000;
    const before = time.monotonicMs;
    expect(await look(0)).toMatchObject({kind: 'not-done'});
    expect(time.monotonicMs - before).toBeGreaterThanOrEqual(20_000);
  });
});

describe('a known task', () => {
  it.each([
    ['that failed is the failure', ok({exitStatus: 'no space', success: false}), 'failed'],
    [
      'that nobody knows any more leaves it to the state',
      err(error('missing', 'gone')),
      'not-done',
    ],
    ['that may not be asked about may still run', err(error('forbidden', 'no')), 'unknown'],
    ['that did not end in time may still run', err(error('no-answer', 'late')), 'unknown'],
  ] as const)('%s', async (_, task, expected) => {
    const {time, look} = world({tasks: [upid(1)], task});
    time.wallMs += 60_000;
    time.monotonicMs += 60_000;
    expect((await look()).kind).toBe(expected);
  });

  it('that cannot be asked about is done where the state says so', async () => {
    const {look} = world({tasks: [upid(1)], task: err(error('forbidden', 'no')), seen: STOPPED});
    expect((await look()).kind).toBe('done');
  });
});

it('a person who says what became of it ends the search', async () => {
  const {journal, intent, look} = world({tasks: NO_ROUTE});
  journal.closeIntent(intent.id, 'interrupted', 'resolved by a person');
  expect(await look()).toEqual({kind: 'unknown', because: 'it was not looked at yet'});
});
