// Why this exists: section 4, the gate.
import {F} from './files.ts';
import {held, open, type Promised} from './promise.ts';

/** What the gate promises. */
export const GATE: readonly Promised[] = [
  held('4.policy', 'policy belongs to the configuration of the controller', [
    F.configLoad,
    'has every default of the design',
  ]),
  held(
    '4.policy',
    'a stricter policy never allows more',
    [F.gateProperties, 'a stricter policy never allows more'],
    [F.gateProperties, 'fewer approvals, a stop or a finding never allow more'],
    [F.gateCircumstances, 'let nothing more pass for %s'],
    [F.gateCircumstances, 'let nothing more pass for several of them at once'],
  ),
  held(
    '4.classes',
    'benign is automatic, disruptive waits, destructive is never automatic',
    [F.gate, 'benign goes by itself, disruptive waits for its approval'],
    [F.gate, 'is never carried out where destructive is observe, approved or not'],
    [F.gateCircumstances, 'needs no yes, but nothing destructive passes for being called so'],
  ),
  held(
    '4.fingerprint',
    'the fingerprint names the action and what is lost, and nothing that moves by itself',
    [F.plan, 'Anyone computes the same from Git and live.'],
    [F.plan, 'Not in it: commit, digest, cause, node, time, statistics.'],
    [F.plan, 'Another value (%s) is another action.'],
    [F.plan, 'What would be lost or interrupted is part of it.'],
  ),
  held(
    '4.approval',
    'an approval is spent with the first intent and covers its action to the end',
    [
      F.journal,
      'an approval is spent with the first intent of its action, and covers it to its end',
    ],
    [F.journal, 'an approval is not spent twice, and then no intent is journalled either'],
    [F.gate, 'takes no spent approval'],
  ),
  held('4.terminal', 'approval at the terminal can be switched off', [
    F.gate,
    'takes none from the terminal where that is switched off',
  ]),
  open('4.signature', 'approval by a signed document', {
    issue: 'later',
    because: 'approvals are values already; the signed document is another way for them to come',
  }),
  open(
    '4.git',
    'approval by a manifest on the tracked branch; quorum and authorship need signed commits',
    {issue: 'later', because: 'the Approval kind'},
    [F.config, '%s'],
    [F.gate, 'needs as many different people as the quorum says'],
    [F.gate, 'takes none of its author, or while the author is not known, where that is asked'],
  ),
  held(
    '4.journal',
    'a new journal is not accepted until a person accepts it, and older approvals are refused',
    [F.journal, 'a new journal is not accepted until a person accepts it'],
    [F.gate, 'takes no approval %s'],
  ),
  held(
    '4.windows',
    'a step starts only inside of its window, and deny wins',
    [F.windows, 'a deny window is reported beside the allow window that it cuts'],
    [F.reasons, '$reason holds alone: $why'],
    [F.trust, 'outside of its window nothing is cycled; when it opens the work is caught up'],
  ),
  open('4.windows', 'the expectation is the largest of the last five durations', {
    issue: 'later',
    because: 'the configured expectation is used; measured durations are not fed back yet',
  }),
  held(
    '4.reasons',
    'the set of reasons is closed, all are evaluated, the first in its order is shown',
    [F.reasons, 'is registered in the order in which the first is shown'],
    [F.reasons, 'shows the first in its order and lists the rest'],
  ),
];
