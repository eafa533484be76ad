// Why this exists: proves that the dashboard shows something and that the alerts load: the real
// demo runs, things happen to it, Debian's Prometheus scrapes it, and every panel's query answers.
import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {DRIFT_ROWS} from '../../scripts/generate-grafana.ts';
import {TOP} from '../../scripts/generated.ts';
import {type Scene, setScene} from '../../src/cli/demo/scene.ts';
import {processIo} from '../../src/cli/io.ts';
import type {Report} from '../../src/core/report.ts';
import {armRequest} from '../../src/simulator/faults.ts';
import {PATIENCE_MS} from '../fixtures/patience.ts';
import {findProgram, needs} from '../parts.ts';
import {type PrometheusServer, type Series, startPrometheus} from './prometheus-server.ts';

const RULES = join(TOP, 'grafana/alerts.yaml');
const run = promisify(execFile);

describe.runIf(needs('prometheus'))('the alerts', () => {
  const promtool = findProgram('promtool') ?? 'promtool';

  it('are rules as Prometheus reads them', async () => {
    const {stdout} = await run(promtool, ['check', 'rules', RULES]);
    expect(stdout).toMatch(/SUCCESS: 15 rules found/);
  });

  it('fire when they should and not before', async () => {
    const tests = join(TOP, 'grafana/alerts.test.yaml');
    const {stdout} = await run(promtool, ['test', 'rules', tests]);
    expect(stdout).toContain('SUCCESS');
  });
});

const queries = DRIFT_ROWS.flatMap(({panels}) =>
  panels.flatMap(({title, queries}) =>
    queries.map(({expr, legend}) => ({title: [title, legend].filter(Boolean).join(': '), expr})),
  ),
);

/** A query as Grafana would send it: all clusters, a window that holds the whole run. */
function sent(expr: string): string {
  return expr.replaceAll('$cluster', '.+').replaceAll('$__rate_interval', '5m');
}

async function until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`);
    await delay(100);
  }
}

describe.runIf(needs('prometheus', 'git'))('the dashboard', () => {
  let scene: Scene;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    const io = processIo(new AbortController().signal);
    scene = await setScene({io, exit: () => undefined, options: () => ({})}, {port: 0, speed: 5});
    prometheus = await startPrometheus(new URL(scene.controller.url).host, RULES);
    await makeThingsHappen(scene);
  });

  afterAll(async () => {
    await prometheus?.close();
    await scene?.end();
  });

  it.each(queries)('shows something for $title', async ({expr}) => {
    const series = await until<readonly Series[]>(`data for ${sent(expr)}`, async () => {
      const found = (await prometheus.query(sent(expr))).filter(({value}) => !Number.isNaN(value));
      return found.length > 0 ? found : null;
    });
    expect(series.every(({value}) => Number.isFinite(value))).toBe(true);
  });

  it.each([
    ['a held destructive action', 'pvegit_held_actions{class="destructive",reason="approval"}', 1],
    ['a conflict that stands', 'pvegit_drift_fields{id="qemu/150",cause="conflict"}', 1],
    ['a drift put right', 'sum(pvegit_drift_corrected_total{class="benign"})', 1],
    ['all guests', 'count(pvegit_resource_info)', 5],
    ['the leader', 'pvegit_leader{cluster="harness"}', 1],
  ])('tells %s as it is', async (_what, expr, value) => {
    const series = await until(expr, async () => {
      const found = await prometheus.query(expr);
      return found.some((one) => one.value === value) ? found : null;
    });
    expect(series.map((one) => one.value)).toContain(value);
  });

  it('has tasks that were counted by type and result', async () => {
    const series = await prometheus.query('pvegit_tasks_total{result="ok"} > 0');
    const types = new Set(series.map(({labels}) => labels['type']));
    expect(types).toContain('qmclone');
    expect(types).toContain('qmstart');
  });

  it('runs beside alerts that are all healthy', async () => {
    const alerts = await until('evaluated rules', async () => {
      const all = await prometheus.alerts();
      return [...all.values()].every((state) => state.startsWith('ok ')) ? all : null;
    });
    expect(alerts.size).toBe(15);
    expect(alerts.get('PvegitDown')).toBe('ok inactive');
    expect(alerts.get('PvegitDestructiveHeld')).toBe('ok pending');
  });
});

/** Creates all, then: an edit, a drift, a lost marker, failing reads, a conflict, a deletion. */
async function makeThingsHappen(scene: Scene): Promise<void> {
  const {repository, simulator} = scene;
  const report = (what: string, is: (report: Report) => boolean) =>
    until(what, () => {
      const newest = scene.report();
      return newest !== null && is(newest) ? newest : null;
    });
  await report('all created', ({resources}) => resources.length >= 4 && resources.every(isInSync));
  await repository.edit('claude-dev.yaml', 'replicas: 2', 'replicas: 3');
  await repository.edit('neo4j-db.yaml', 'tags: [database]', 'tags: [database, graph]');
  await repository.commit('A third development machine, and a tag');
  await report(
    'a third machine',
    ({resources}) => resources.length >= 5 && resources.every(isInSync),
  );
  await scene.atTheWebPage(160, {tags: 'changed-by-hand'});
  await until('the drift is put right', () =>
    simulator.guests.get(160)?.config.get('tags') === 'projects;web' ? true : null,
  );
  await scene.atTheWebPage(201, {description: 'The marker is gone'});
  // Nobody sees 150 until both sides have moved, so that neither is followed before the other.
  const path = /\/qemu\/150\/pending$/;
  const fault = {kind: 'answer', status: 500, reason: 'got timeout'} as const;
  armRequest(simulator, {method: 'GET', path, times: 1_000}, fault);
  await report('a guest that cannot be read', ({resources}) =>
    resources.some(({id, state}) => id === 'qemu/150' && state === 'undetermined'),
  );
  await scene.atTheWebPage(150, {tags: 'changed-by-hand'});
  await repository.edit('neo4j-db.yaml', 'tags: [database, graph]', 'tags: [database, neo4j]');
  await repository.edit('claude-dev.yaml', 'replicas: 3', 'replicas: 2');
  const commit = await repository.commit('Two development machines are enough');
  await report('the commit', ({sources}) => sources[0]?.commit === commit);
  simulator.faults.requests.length = 0;
  await report('a held deletion and a conflict', ({verdicts, resources}) => {
    const isHeld = verdicts.some(({reasons}) => reasons[0]?.reason === 'approval');
    const isTripped = verdicts.some(({reasons}) => reasons[0]?.reason === 'marker-missing');
    return isHeld && isTripped && resources.some(({drift}) => drift.length > 0);
  });
}

function isInSync({state}: Report['resources'][number]): boolean {
  return state === 'in_sync';
}
