// Why this exists: a guest that we stopped for its own good, or for a deletion that is no longer
// wanted, is started again, however long ago its action ended and whether or not Git speaks of its
// power. The debt stands in the record; only its payment or Git's `power: stopped` ends it.
import type {Change} from '../core/action.ts';
import type {Desired, Observed, ResourceRecord} from '../core/model.ts';
import {shownOf} from './diff.ts';
import {declaredRule} from './rules.ts';
import type {Context, Subject} from './subject.ts';

const FIELD = 'power';

/** Whether the record's debt still stands: the guest was not seen to run, nor is it to be off. */
export function isOwed(
  {record, desired}: {readonly record: ResourceRecord | null; readonly desired: Desired | null},
  observed: Observed,
): boolean {
  if (record?.owesStart !== true || desired?.body[FIELD] === 'stopped') return false;
  return observed.power === 'stopped' || observed.power === 'unknown';
}

/** The change that pays it; null where nothing is owed, or not known whether. */
export function owedStart({find}: Context, subject: Subject, observed: Observed): Change | null {
  const {kind, desired} = subject;
  if (!isOwed(subject, observed) || observed.power !== 'stopped') return null;
  const rule = declaredRule(find, kind, FIELD);
  const [from, to] = ['stopped', 'running'];
  const {risk} = rule.risk({field: FIELD, slots: [], from, to, observed, desired});
  const because = 'it ran until pvegit stopped it, so that it is started again';
  return {field: FIELD, from, to, risk, because, cause: 'pending', shown: shownOf(rule, from, to)};
}
