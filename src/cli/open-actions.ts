// Why this exists: what a plan leaves to do decides what is printed and how a command ends: also
// where nothing can be planned because something stands in the way.
import type {Action} from '../core/action.ts';
import type {Report} from '../core/report.ts';

/** Actions that do something, and those that cannot because of what was found. */
export function openActions({plan, verdicts}: Report): readonly Action[] {
  const allowed = new Set(
    verdicts.filter(({verdict}) => verdict === 'allow').map(({fingerprint}) => fingerprint),
  );
  return (plan?.actions ?? []).filter(
    ({verb, findings, fingerprint}) =>
      verb !== 'none' || (findings.length > 0 && !allowed.has(fingerprint)),
  );
}
