// Why this exists: a lost memory must not pass for a first start.
import {expect, it} from 'vitest';
import {actionOf} from '../../test/builders/apply-world.ts';
import type {Action, Plan} from '../core/action.ts';
import {openJournal} from '../journal/journal.ts';
import {sampleRecord} from '../journal/samples.ts';
import {acceptFirstStart} from './first-start.ts';
import type {ClusterParts} from './parts.ts';

const NEW = actionOf([], {verb: 'create'});
const THEIRS = found('not-ours');
const OURS = found('no-record');

function found(reason: Action['findings'][number]['reason']): Action {
  return actionOf([], {verb: 'none', findings: [{reason, detail: ''}]});
}

it.each([
  ['something is made and something is somebody else’s', [NEW, THEIRS], false, true],
  ['nothing is declared', [], false, false],
  ['one guest is ours already', [NEW, OURS], false, false],
  ['something is remembered of the cluster', [NEW], true, false],
] as const)('where %s, a new journal accepts itself or not', (_, actions, isKnown, accepted) => {
  const random = {bytes: (length: number) => new Uint8Array(length)};
  const journal = openJournal({path: ':memory:', clock: {now: () => 0}, random});
  if (isKnown) journal.putRecord(sampleRecord({cluster: 'harness'}));
  // Safe: of its parts only these two are asked.
  const parts = {journal, cluster: 'harness'} as ClusterParts;
  const plan: Pick<Plan, 'actions'> = {actions};
  // Safe: of the plan only the actions are asked.
  acceptFirstStart(parts, plan as Plan);
  expect(journal.accepted()).toBe(accepted);
});
