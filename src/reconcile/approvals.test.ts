// Why this exists: approvals that ran out must not stay in the journal for ever.
import {expect, it} from 'vitest';
import type {MetricEvent} from '../core/report.ts';
import {openJournal} from '../journal/journal.ts';
import {sampleApproval} from '../journal/samples.ts';
import {keepApproval, keptApprovals} from './approvals.ts';

it('a handed-over approval is kept until it runs out, and then forgotten and counted', () => {
  const random = {bytes: (length: number) => new Uint8Array(length)};
  const journal = openJournal({path: ':memory:', clock: {now: () => 0}, random});
  const events: MetricEvent[] = [];
  const metrics = {emit: (event: MetricEvent) => void events.push(event)};
  const kept = (cluster: string, now: number) => keptApprovals({journal, cluster, metrics}, now);
  const approval = sampleApproval({expiresAt: 1_000});
  keepApproval(journal, 'harness', approval);
  expect(kept('other', 0)).toEqual([]);
  expect(kept('harness', 999)).toEqual([approval]);
  expect(events).toEqual([]);
  expect(kept('harness', 1_000)).toEqual([]);
  expect(journal.valuesWith('approval/')).toEqual([]);
  expect(events).toEqual([{kind: 'approval', result: 'expired'}]);
});
