// Why this exists: proves when a supervisor is told to restart, and when a dashboard may be
// trusted.
import {describe, expect, it} from 'vitest';
import {aReport, NOW} from '../../test/builders/report.ts';
import {liveness, readiness} from './health.ts';

const MINUTE = 60_000;
const cluster = {name: 'harness', intervalMs: MINUTE};
const input = {
  clusters: [cluster],
  reports: new Map([['harness', aReport({endedAt: NOW})]]),
  startedAt: NOW,
  now: NOW,
};

describe('the controller', () => {
  it('lives while the last pass is not older than ten minutes', () => {
    expect(liveness({...input, now: NOW + 10 * MINUTE}).ok).toBe(true);
    const late = liveness({...input, now: NOW + 10 * MINUTE + 1});
    expect(late).toEqual({ok: false, problems: ['harness: no pass for 10 minutes']});
  });

  it('is given five intervals where these are longer', () => {
    const clusters = [{...cluster, intervalMs: 15 * MINUTE}];
    expect(liveness({...input, clusters, now: NOW + 75 * MINUTE}).ok).toBe(true);
    expect(liveness({...input, clusters, now: NOW + 76 * MINUTE}).ok).toBe(false);
  });

  it('that never made a pass is stuck after the same time, but not while it stands by', () => {
    const late = {...input, reports: new Map(), now: NOW + 11 * MINUTE};
    expect(liveness(late).ok).toBe(false);
    const standby = {...late, clusters: [{...cluster, standby: true}]};
    expect(liveness(standby).ok).toBe(true);
    expect(readiness(standby).ok).toBe(false);
  });

  it('is ready after the first pass of every cluster', () => {
    const clusters = [cluster, {name: 'neve', intervalMs: MINUTE}];
    expect(readiness({...input, clusters})).toEqual({ok: false, problems: ['neve: no pass yet']});
    const reports = new Map([...input.reports, ['neve', aReport({cluster: 'neve'})]]);
    expect(readiness({...input, clusters, reports})).toEqual({ok: true, problems: []});
  });
});
