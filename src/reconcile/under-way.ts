// Why this exists: people who look beside a controller must see what it is at, as it shows it
// itself: what it has begun is in the journal.
import {type Intent, touchedKeys} from '../core/action.ts';
import type {ResourceKey} from '../core/model.ts';
import type {Report} from '../core/report.ts';
import type {ClusterParts} from './parts.ts';

/** Actions in flight: this process's, or for a pass that only looks, the leading controller's. */
export function underWay(parts: ClusterParts, now: number): Report['applying'] {
  const {applier} = parts;
  if (applier !== null) {
    return [...applier.inFlight().values()].map(({key, action, step, startedAt}) => {
      const {name, verb, fingerprint} = action;
      return {key, name, verb, fingerprint, says: step?.says ?? null, startedAt};
    });
  }
  return openNow(parts, now).map(({key, action, step, openedAt}) => {
    const {name, verb, fingerprint} = action;
    return {key, name, verb, fingerprint, says: step.says, startedAt: openedAt};
  });
}

/** Every resource that is written to by what is in flight. */
export function writtenNow(parts: ClusterParts, now: number): ReadonlySet<ResourceKey> {
  const views = parts.applier?.inFlight().values() ?? openNow(parts, now);
  return new Set([...views].flatMap(({action}) => touchedKeys(action)));
}

/** What the leading controller has begun, for who looks beside it. */
function openNow({journal, cluster}: ClusterParts, now: number): readonly Intent[] {
  if (journal.leader(cluster, now) === null) return [];
  return journal.openIntents(cluster).filter(({state}) => state === 'open');
}
