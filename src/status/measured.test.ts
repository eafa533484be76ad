// Why this exists: proves that measuring changes nothing but the numbers.
import {describe, expect, it} from 'vitest';
import type {Journal, Pve, TaskResult} from '../core/ports.ts';
import type {MetricEvent} from '../core/report.ts';
import {err, ok} from '../core/result.ts';
import {JOURNAL_CONTRACT} from '../journal/contract.ts';
import {openJournal} from '../journal/journal.ts';
import {measuredJournal, measuredPve} from './measured.ts';

const UPID = 'UPID:pve1:000A1B2C:00D4E5F6:65A1B2C3:qmclone:100:pvegit@pve!controller:';

function seen() {
  const events: MetricEvent[] = [];
  let ms = 1_000;
  return {
    events,
    metrics: {emit: (event: MetricEvent) => void events.push(event)},
    clock: {monotonic: () => ms},
    pass: (by: number): void => {
      ms += by;
    },
  };
}

function taskOf(end: () => ReturnType<Pve['task']>): Pve {
  return {
    cluster: 'harness',
    read: async () => ok(1),
    write: async () => ok(2),
    task: end,
    clockOffsetMs: () => 3,
    endpoints: () => [],
    close: async () => undefined,
  };
}

const finished = (parts: Partial<TaskResult>) =>
  ok({upid: UPID, exitStatus: 'OK', success: true, warnings: 0, ...parts});

describe('a measured client', () => {
  it.each([
    ['ok', finished({})],
    ['warnings', finished({warnings: 2})],
    ['failed', finished({success: false})],
    // Safe: the error is handed on unread, whatever its shape is.
    ['unknown', err({kind: 'timeout', message: 'too late'} as never)],
  ])('counts a task that ended %s with its node, type and time', async (result, answer) => {
    const {events, metrics, clock, pass} = seen();
    const pve = measuredPve(
      taskOf(async () => {
        pass(2_500);
        return answer;
      }),
      metrics,
      clock,
    );
    expect(await pve.task(UPID, {timeoutMs: 9})).toBe(answer);
    const task = {cluster: 'harness', node: 'pve1', type: 'qmclone'};
    expect(events).toEqual([
      {kind: 'task-started', ...task},
      {kind: 'task', ...task, result, seconds: 2.5},
    ]);
  });

  it('puts no foreign text into a label', async () => {
    const {events, metrics, clock} = seen();
    const pve = measuredPve(
      taskOf(async () => finished({})),
      metrics,
      clock,
    );
    await pve.task('UPID:a b:::::<script>:', {timeoutMs: 9});
    expect(events[0]).toMatchObject({node: 'other', type: 'other'});
  });

  it('hands everything else on', async () => {
    const {events, metrics, clock} = seen();
    const pve = measuredPve(
      taskOf(async () => finished({})),
      metrics,
      clock,
    );
    expect(await pve.read('/version')).toEqual(ok(1));
    expect(await pve.write({method: 'POST', path: '/', params: {}})).toEqual(ok(2));
    expect(pve.clockOffsetMs()).toBe(3);
    expect(pve.endpoints()).toEqual([]);
    await pve.close();
    expect(events).toEqual([]);
  });
});

describe('a measured journal', () => {
  it.each(JOURNAL_CONTRACT)('keeps the contract: $title', ({check}) => {
    const {metrics, clock} = seen();
    const journal = openJournal({
      path: ':memory:',
      clock: {now: () => Date.UTC(2026, 0, 1)},
      random: {bytes: (length) => new Uint8Array(length).fill(7)},
    });
    check(measuredJournal(journal, metrics, clock));
    journal.close();
  });

  it('tells of an approval when a controller takes it up, and when its action begins', () => {
    const {events, metrics, clock} = seen();
    const spent = new Set<string>();
    const approval = {id: 'one', beside: [{id: 'two'}]};
    const calls = {
      isSpent: (id: string) => spent.has(id),
      openIntent: (_intent: unknown, one: {readonly id: string} | null) => {
        if (one !== null) spent.add(one.id);
        return 7;
      },
      takeRequests: () => [{kind: 'approve'}, {kind: 'retry'}],
    };
    // Safe: only these calls are made, and nothing else is read of what is handed on.
    const journal = measuredJournal(calls as unknown as Journal, metrics, clock);
    expect(journal.takeRequests('harness')).toHaveLength(2);
    for (const given of [approval, approval, null]) {
      // Safe: as above.
      expect(journal.openIntent({} as never, given as never)).toBe(7);
    }
    const told = events.flatMap((event) => (event.kind === 'approval' ? [event.result] : []));
    expect(told).toEqual(['given', 'used', 'used']);
  });

  it('times each durable write, also one that fails, and no read', () => {
    const {events, metrics, clock, pass} = seen();
    const values = new Map<string, string>();
    const calls: Partial<Journal> = {
      value: (name) => values.get(name) ?? null,
      setValue: (name, value) => {
        pass(4);
        if (value === null) throw new Error('full');
        values.set(name, value);
      },
    };
    // Safe: only these calls are made.
    const journal = measuredJournal(calls as Journal, metrics, clock);
    journal.setValue('a', 'b');
    expect(journal.value('a')).toBe('b');
    expect(() => journal.setValue('a', null)).toThrow('full');
    const written = {kind: 'journal-write', seconds: 0.004};
    expect(events).toEqual([written, written]);
  });
});
