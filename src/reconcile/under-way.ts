// Why this exists: people who look beside a controller must see what it is at, as it shows it
// itself: what it has begun is in the journal.
import type {Report} from '../core/report.ts';
import type {ClusterParts} from './parts.ts';

/** Actions in flight: this process's, or for a pass that only looks, the leading controller's. */
export function underWay(parts: ClusterParts, now: number): Report['applying'] {
  const {applier, journal, cluster} = parts;
  if (applier !== null) {
    return [...applier.inFlight().values()].map(({key, action, step, startedAt}) => {
      const {name, verb, fingerprint} = action;
      return {key, name, verb, fingerprint, says: step?.says ?? null, startedAt};
    });
  }
  if (journal.leader(cluster, now) === null) return [];
  return journal
    .openIntents(cluster)
    .filter(({state}) => state === 'open')
    .map(({key, action, step, openedAt}) => {
      const {name, verb, fingerprint} = action;
      return {key, name, verb, fingerprint, says: step.says, startedAt: openedAt};
    });
}
