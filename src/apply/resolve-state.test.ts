// Why this exists: the table of safety.md 8, row by row: what the state says of a call whose answer
// was lost.
import {describe, expect, it} from 'vitest';
import type {Operation} from '../core/action.ts';
import type {Observation, Observed} from '../core/model.ts';
import {toyKind} from '../plan/toy-kind.ts';
import {judgeState} from './resolve-state.ts';
import {sampleIntent, sampleObserved, sampleStep} from './samples.ts';

const there = (with_: Partial<Observed> = {}): Observation => ({
  kind: 'present',
  observed: sampleObserved(with_),
});
const ABSENT: Observation = {kind: 'absent'};
const OTHER: Observation = {kind: 'other', because: 'a container'};
const UNREAD: Observation = {kind: 'undetermined', because: 'its node is offline'};
const FOREIGN = there({ownership: {kind: 'foreign', marker: 'theirs'}});

/** Verifies by the memory that the step expects, as the real kind verifies by fields. */
const KIND = {
  ...toyKind(),
  verify: ({after}: {readonly after: Observed}) =>
    after.body['memory'] === 3072
      ? ({kind: 'as-expected'} as const)
      : ({kind: 'not-taken', because: 'memory', fields: ['memory']} as const),
};

function judge(operation: Operation, seen: Observation, absenceProven: boolean): string {
  const intent = sampleIntent(sampleStep({operation, target: {node: 'pve2'}}));
  return judgeState({intent, seen, kind: KIND, absenceProven}).kind;
}

type Row = readonly [Operation, Observation, string, string, string];

const ROWS: readonly Row[] = [
  ['create', ABSENT, 'wait', 'not-done', 'nothing came into being'],
  ['create', there(), 'done', 'done', 'our marker is there'],
  ['create', there({lock: 'create'}), 'wait', 'wait', 'it is still being made'],
  ['create', FOREIGN, 'failed', 'failed', 'somebody else was faster'],
  ['clone', OTHER, 'failed', 'failed', 'a container was faster'],
  ['clone', there({lock: 'clone'}), 'wait', 'wait', 'the copy goes on'],
  ['destroy', ABSENT, 'done', 'done', 'it is gone'],
  ['destroy', there(), 'wait', 'not-done', 'it is whole'],
  ['destroy', there({lock: 'destroyed'}), 'wait', 'wait', 'it is being removed'],
  ['destroy', there({witness: 'uuid-2'}), 'unknown', 'unknown', 'another guest is there now'],
  ['destroy', OTHER, 'unknown', 'unknown', 'a container is there now'],
  ['rollback', there(), 'unknown', 'unknown', 'it is never repeated'],
  ['reset', there(), 'unknown', 'unknown', 'it is never repeated'],
  ['reboot', there(), 'unknown', 'unknown', 'it is never repeated'],
  ['migrate', there({node: 'pve2'}), 'done', 'done', 'it is on the target'],
  ['migrate', there(), 'wait', 'not-done', 'it is where it was'],
  ['migrate', there({lock: 'migrate'}), 'wait', 'wait', 'it is on its way'],
  ['start', there({power: 'running'}), 'done', 'done', 'it runs'],
  ['start', there(), 'wait', 'not-done', 'it does not run'],
  ['start', there({lock: 'backup'}), 'wait', 'wait', 'something works on it'],
  ['shutdown', there(), 'done', 'done', 'it is off'],
  ['stop', there({power: 'running'}), 'wait', 'not-done', 'it runs'],
  ['allocate', there({body: {memory: 3072}}), 'done', 'done', 'the slot is filled'],
  ['allocate', there(), 'wait', 'not-done', 'the digest is the one sent'],
  ['allocate', there({digest: 'd2'}), 'wait', 'unknown', 'a volume may hang about'],
  ['allocate', there({lock: 'disk'}), 'wait', 'wait', 'something works on it'],
  ['config', there({body: {memory: 3072}}), 'done', 'done', 'the values are there'],
  ['config', there(), 'wait', 'not-done', 'the digest is the one sent'],
  ['config', there({digest: 'd2'}), 'wait', 'replan', 'neither old nor new'],
  ['resize', there({lock: 'backup'}), 'wait', 'wait', 'something works on it'],
  ['template', ABSENT, 'replan', 'replan', 'the guest is gone'],
  ['snapshot', OTHER, 'replan', 'replan', 'the VMID is another guest'],
  ['config', UNREAD, 'wait', 'wait', 'nothing is known'],
  ['destroy', UNREAD, 'wait', 'wait', 'not read is not absent'],
];

describe('a lost answer', () => {
  it.each(ROWS)('of %s: %#', (operation, seen, early, late, reason) => {
    expect(judge(operation, seen, false), reason).toBe(early);
    expect(judge(operation, seen, true), reason).toBe(late);
  });
});
