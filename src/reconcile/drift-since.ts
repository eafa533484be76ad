// Why this exists: the age of a drift must survive a restart, so its first sight is journalled.
import type {Plan} from '../core/action.ts';
import type {ResourceKey, Risk} from '../core/model.ts';
import type {Journal} from '../core/ports.ts';
import type {ResourceReport} from '../core/report.ts';

type Drift = ResourceReport['drift'][number];

/** Drift and conflict by resource, with since when; forgets what is gone from the journal. */
export function driftOf(
  journal: Journal,
  plan: Plan,
  now: number,
): ReadonlyMap<ResourceKey, readonly Drift[]> {
  const prefix = `drift/${plan.cluster}/`;
  const known = new Map(journal.valuesWith(prefix).map(({name, value}) => [name, Number(value)]));
  const drifts = new Map<ResourceKey, Drift[]>();
  const seen = new Set<string>();
  for (const [id, {key, risk, cause, fields}] of countFields(plan)) {
    const name = `${prefix}${id}`;
    seen.add(name);
    const since = known.get(name) ?? now;
    if (!known.has(name)) journal.setValue(name, String(now));
    drifts.set(key, [...(drifts.get(key) ?? []), {risk, cause, fields, since}]);
  }
  for (const name of known.keys()) if (!seen.has(name)) journal.setValue(name, null);
  return drifts;
}

interface Count {
  readonly key: ResourceKey;
  readonly risk: Risk;
  readonly cause: 'drift' | 'conflict';
  fields: number;
}

function countFields(plan: Plan): ReadonlyMap<string, Count> {
  const counts = new Map<string, Count>();
  for (const {key, changes} of plan.actions) {
    for (const {risk, cause} of changes) {
      if (cause !== 'drift' && cause !== 'conflict') continue;
      const id = `${key}/${risk}/${cause}`;
      const count = counts.get(id) ?? {key, risk, cause, fields: 0};
      count.fields += 1;
      counts.set(id, count);
    }
  }
  return counts;
}
