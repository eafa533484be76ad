// Why this exists: approvals that ran out must not stay in the journal for ever.
import {expect, it} from 'vitest';
import {openJournal} from '../journal/journal.ts';
import {sampleApproval} from '../journal/samples.ts';
import {keepApproval, keptApprovals} from './approvals.ts';

it('a handed-over approval is kept until it runs out, and then forgotten', () => {
  const random = {bytes: (length: number) => new Uint8Array(length)};
  const journal = openJournal({path: ':memory:', clock: {now: () => 0}, random});
  const approval = sampleApproval({expiresAt: 1_000});
  keepApproval(journal, 'harness', approval);
  expect(keptApprovals(journal, 'other', 0)).toEqual([]);
  expect(keptApprovals(journal, 'harness', 999)).toEqual([approval]);
  expect(keptApprovals(journal, 'harness', 1_000)).toEqual([]);
  expect(journal.valuesWith('approval/')).toEqual([]);
});
