// Why this exists: what is noted while the journal cannot be written is neither lost nor believed
// to be durable, and nobody's refusal becomes less than one.
import {describe, expect, it} from 'vitest';
import type {Verdict} from '../core/action.ts';
import {JournalError} from '../core/ports.ts';
import {openJournal} from '../journal/journal.ts';
import {heldBy, notingJournal} from './unwritable.ts';

const clock = {now: () => 0};
const random = {bytes: (length: number) => new Uint8Array(length)};

/** A journal whose disk can be filled. */
function disk() {
  const journal = openJournal({path: ':memory:', clock, random});
  const state: {kind: JournalError['kind'] | null; tries: number} = {kind: 'full', tries: 0};
  const setValue: typeof journal.setValue = (name, value) => {
    state.tries += 1;
    if (state.kind !== null) throw new JournalError(state.kind, 'no', 'wait');
    journal.setValue(name, value);
  };
  return {journal, state, noting: notingJournal({...journal, setValue})};
}

describe('notes of a journal that is full', () => {
  it('are read back, and written once there is room', () => {
    const {journal, state, noting} = disk();
    journal.setValue('a/old', '1');
    journal.setValue('a/gone', '2');
    noting.setValue('a/new', '3');
    noting.setValue('a/gone', null);
    expect(state.tries).toBe(1);
    expect([noting.value('a/new'), noting.value('a/gone'), noting.value('a/old')]).toEqual([
      '3',
      null,
      '1',
    ]);
    expect(noting.valuesWith('a/').map(({name}) => name)).toEqual(['a/old', 'a/new']);
    expect(journal.value('a/new')).toBeNull();
    expect(() => noting.flush()).toThrow(JournalError);
    state.kind = null;
    noting.flush();
    expect(journal.valuesWith('a/').map(({name}) => name)).toEqual(['a/new', 'a/old']);
  });

  it('are not kept of one that is damaged: that ends the pass', () => {
    const {state, noting} = disk();
    state.kind = 'corrupt';
    expect(() => noting.setValue('a', '1')).toThrow(JournalError);
  });
});

it('a refusal stays one and is shown first; what calls nothing is as it was', () => {
  const verdictOf = (fingerprint: string, reasons: Verdict['reasons']): Verdict => {
    return {fingerprint, key: fingerprint, verdict: 'allow', reasons, approval: null};
  };
  const works = [
    {fingerprint: 'a', verb: 'update'},
    {fingerprint: 'b', verb: 'none'},
    {fingerprint: 'c', verb: 'delete'},
  ] as const;
  const reasons = (['not-ours', 'incomplete', 'approval'] as const).map((reason) => {
    return {reason, detail: 'x', remedy: 'y'};
  });
  const given = [verdictOf('a', []), verdictOf('b', []), verdictOf('c', reasons)];
  const held = heldBy({because: 'full', remedy: 'Make room.'}, works, given);
  expect(held.map(({verdict}) => verdict)).toEqual(['hold', 'allow', 'refuse']);
  expect(held.map((one) => one.reasons.map(({reason}) => reason))).toEqual([
    ['incomplete'],
    [],
    ['not-ours', 'incomplete', 'approval'],
  ]);
});
