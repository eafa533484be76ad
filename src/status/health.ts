// Why this exists: a supervisor restarts what does not live, and a dashboard must not trust what
// has not looked yet. Pure, so that every case is a row of a test.
import type {Report} from '../core/report.ts';

/** A cluster that the controller follows. */
export interface FollowedCluster {
  readonly name: string;
  readonly intervalMs: number;
  /** True while another controller leads it and this one waits. */
  readonly standby?: boolean;
}

/** What health is judged by; times in ms since the epoch. */
export interface HealthInput {
  readonly clusters: readonly FollowedCluster[];
  readonly reports: ReadonlyMap<string, Report>;
  readonly startedAt: number;
  readonly now: number;
}

/** Whether all is well, and a sentence per cluster where it is not. */
export interface Health {
  readonly ok: boolean;
  readonly problems: readonly string[];
}

/** Less than this is never "stuck": a pass may read thousands of guests from a slow cluster. */
const LEAST_PATIENCE_MS = 10 * 60_000;

/** Alive: no loop has been silent for five intervals or ten minutes, whichever is longer. */
export function liveness({clusters, reports, startedAt, now}: HealthInput): Health {
  return judged(
    clusters.flatMap(({name, intervalMs, standby}) => {
      if (standby === true) return [];
      const last = reports.get(name)?.endedAt ?? startedAt;
      const silentMs = now - last;
      if (silentMs <= Math.max(5 * intervalMs, LEAST_PATIENCE_MS)) return [];
      return [`${name}: no pass for ${Math.round(silentMs / 60_000)} minutes`];
    }),
  );
}

/** Ready: the first pass of every cluster is done. */
export function readiness({clusters, reports}: HealthInput): Health {
  return judged(clusters.flatMap(({name}) => (reports.has(name) ? [] : [`${name}: no pass yet`])));
}

function judged(problems: readonly string[]): Health {
  return {ok: problems.length === 0, problems};
}
