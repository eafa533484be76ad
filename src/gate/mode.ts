// Why this exists: how an action of a class is to be treated, and that nothing destructive is ever
// automatic, is said in one place.
import type {Action} from '../core/action.ts';
import type {ClassMode, Policy} from '../core/policy.ts';

/** The mode of an action's class; destructive knows only approval and observe. */
export function modeOf(action: Action, policy: Policy): ClassMode {
  // The action that stopped the guest was allowed, and that covers its start too.
  if (action.owed === true && action.risk !== 'destructive') return 'automatic';
  switch (action.risk) {
    case 'benign':
      return policy.benign;
    case 'disruptive':
      return policy.disruptive;
    case 'destructive':
      return policy.destructive.kind;
  }
}

/** Whether drift of this class is only shown; destructive drift always needs an approval anyway. */
export function reportsDrift(action: Action, policy: Policy): boolean {
  if (action.cause !== 'drift') return false;
  switch (action.risk) {
    case 'benign':
      return policy.drift.benign === 'report';
    case 'disruptive':
      return policy.drift.disruptive === 'report';
    case 'destructive':
      return false;
  }
}

/** Whether the action can only go ahead under an approval of its own. */
export function needsApproval(action: Action, policy: Policy): boolean {
  return (
    modeOf(action, policy) === 'approval' ||
    action.cause === 'conflict' ||
    reportsDrift(action, policy)
  );
}

/** Drift of a guest's power, which waits longer than other drift (safety.md 7). */
export function isPowerDrift(action: Action): boolean {
  return action.cause === 'drift' && action.changes.some((change) => change.field === 'power');
}
