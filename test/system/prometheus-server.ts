// Why this exists: Debian's Prometheus as a fixture: on loopback, in a folder of its own, scraping
// every second, with the alerts of the project loaded.
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {isObject} from '../../src/core/json.ts';
import {freePort} from '../fixtures/free-port.ts';
import {PATIENCE_MS} from '../fixtures/patience.ts';
import {findProgram} from '../parts.ts';

/** One series of an instant query, with its value. */
export interface Series {
  readonly labels: {readonly [name: string]: unknown};
  readonly value: number;
}

/** A running Prometheus. */
export interface PrometheusServer {
  /** Series of an instant query at this moment; throws on a query that is no query. */
  query(expr: string): Promise<readonly Series[]>;
  /** Names of the alert rules that were loaded, with their states. */
  alerts(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** Starts Prometheus; it scrapes `target` (host and port) every second. */
export async function startPrometheus(target: string, rules: string): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'pvegit-prometheus-'));
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  await writeFile(config, configText(target, rules));
  const child = spawn(
    findProgram('prometheus') ?? 'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    {stdio: ['ignore', 'ignore', 'inherit']},
  );
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    await end(child);
    await rm(folder, {recursive: true, force: true});
  };
  await ready(url, child).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {query: (expr) => instant(url, expr), alerts: () => alerts(url), close};
}

function configText(target: string, rules: string): string {
  return `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [${JSON.stringify(rules)}]
scrape_configs:
  - job_name: pvegit
    static_configs: [{targets: [${JSON.stringify(target)}]}]
`;
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await delay(100);
  }
  throw new Error('prometheus was not ready in time');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function instant(url: string, expr: string): Promise<readonly Series[]> {
  const data = await get(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const {resultType, result} = data;
  if (resultType !== 'vector' || !Array.isArray(result)) {
    throw new Error(`not a vector: ${expr}`);
  }
  return result.filter(isObject).map(({metric, value}) => ({
    labels: isObject(metric) ? metric : {},
    value: Number(Array.isArray(value) ? value[1] : Number.NaN),
  }));
}

async function alerts(url: string): Promise<ReadonlyMap<string, string>> {
  const {groups} = await get(`${url}/api/v1/rules?type=alert`);
  const all = (Array.isArray(groups) ? groups : []).filter(isObject).flatMap(({rules}) => rules);
  return new Map(
    all.filter(isObject).map(({name, state, health}) => [String(name), `${health} ${state}`]),
  );
}

async function get(url: string): Promise<{readonly [key: string]: unknown}> {
  const answer = await fetch(url);
  const body: unknown = await answer.json();
  if (!isObject(body) || !isObject(body['data'])) {
    throw new Error(`prometheus says: ${JSON.stringify(body)}`);
  }
  return body['data'];
}
