// Why this exists: what live facts forbid is the same for every kind, so it is found in one place
// and handed to the gate with the action.
import type {Finding, Operation, Step, Verb} from '../core/action.ts';
import type {Observed} from '../core/model.ts';
import {HOLD_TAG} from '../core/suspension.ts';
import {vmidOf} from './keys.ts';

/** Calls that must go through HA where HA manages the guest. */
const HA_OPERATIONS: readonly Operation[] = [
  'start',
  'stop',
  'shutdown',
  'reboot',
  'reset',
  'destroy',
  'rollback',
  'migrate',
];

/** What the live object itself says against an action with these steps. */
export function liveFindings(
  verb: Verb,
  observed: Observed,
  steps: readonly Step[],
): readonly Finding[] {
  const findings: Finding[] = [];
  if (observed.protection && (verb === 'delete' || verb === 'replace')) {
    findings.push({reason: 'protected', detail: 'protection is on in Proxmox'});
  }
  if (observed.ha !== null && steps.some(needsHa)) {
    findings.push({reason: 'ha-managed', detail: `HA has it in the state ${observed.ha}`});
  }
  if (observed.power === 'unknown' && vmidOf(observed.key) !== null) {
    findings.push({reason: 'incomplete', detail: 'whether it runs could not be read'});
  }
  if (hasHoldTag(observed)) {
    findings.push({reason: 'suspended', detail: `it carries the tag ${HOLD_TAG}`});
  }
  if (observed.lock !== null) {
    findings.push({reason: 'locked', detail: `Proxmox holds the lock ${observed.lock}`});
  }
  return findings;
}

/** One finding for each reason, in the order of the first; different details are joined. */
export function distinctFindings(findings: readonly Finding[]): readonly Finding[] {
  const byReason = Map.groupBy(findings, ({reason}) => reason);
  return [...byReason].map(([reason, known]) => {
    const detail = [...new Set(known.map((one) => one.detail))].join('; ');
    const fields = known.flatMap((one) => one.fields ?? []);
    const named = known.every((one) => one.fields !== undefined);
    return named ? {reason, detail, fields: [...new Set(fields)]} : {reason, detail};
  });
}

function needsHa(step: Step): boolean {
  return step.kind === 'until' ? false : HA_OPERATIONS.includes(step.operation);
}

function hasHoldTag(observed: Observed): boolean {
  const tags = observed.body['tags'];
  return Array.isArray(tags) && tags.includes(HOLD_TAG);
}
