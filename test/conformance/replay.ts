// Why this exists: a recorded scenario is sent through the simulator request by request and every
// answer compared. Run one: node test/conformance/replay.ts 04 --show-differences
import {makeCsrfToken, makeTicket} from '../../src/simulator/authenticate.ts';
import {advance, nextDueMs} from '../../src/simulator/clock.ts';
import {handle} from '../../src/simulator/handle.ts';
import type {Request, Response} from '../../src/simulator/http.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {differences} from './compare.ts';
import {agreement, judge, readList, writeList} from './judge.ts';
import {prepareCluster, secrets} from './prepare.ts';
import type {Scenario, Step} from './recording.ts';
import {readScenarios, recordingsExist} from './recording.ts';
import {doUnseen, prepareScenario, waitBefore} from './scenes.ts';
import {Twins} from './twins.ts';

/** What became of one step. */
export interface StepResult {
  readonly step: Step;
  readonly differences: readonly string[];
}

/** Replay a scenario against a fresh cluster. */
export function replay(scenario: Scenario): readonly StepResult[] {
  const cluster = prepareCluster();
  const twins = new Twins();
  prepareScenario(cluster, scenario.number);
  return scenario.steps.map((step) => {
    waitBefore(cluster, scenario.number, step);
    letTaskEnd(cluster, step, twins);
    doUnseen(cluster, scenario.number, step);
    const startMs = cluster.nowMs;
    const response = handle(cluster, requestOf(cluster, step, twins), startMs);
    const found = compareStep(step, response, twins);
    advance(cluster, Math.max(cluster.nowMs, startMs + Math.ceil(step.response.ms)));
    return {step, differences: found};
  });
}

function letTaskEnd(cluster: Cluster, step: Step, twins: Twins): void {
  const path = decodeURIComponent(step.request.path);
  const upid = /\/tasks\/(UPID:[^/]+)\/(status|log)/.exec(path)?.[1];
  const task = upid === undefined ? undefined : cluster.tasks.get(twins.translate(upid));
  const wantsEnd = recordedAsEnded(step);
  const limitMs = cluster.nowMs + 600_000;
  while (task !== undefined && wantsEnd && task.exitStatus === undefined) {
    const due = nextDueMs(cluster);
    if (due === undefined || due > limitMs) {
      return;
    }
    advance(cluster, due);
  }
}

function recordedAsEnded(step: Step): boolean {
  const text = JSON.stringify(step.response.json ?? null);
  return text.includes('"status":"stopped"') || text.includes('TASK ');
}

function compareStep(step: Step, response: Response, twins: Twins): readonly string[] {
  if (response.kind !== 'answer') {
    return [`no answer: ${response.kind}`];
  }
  const found: string[] = [];
  const {status, reason, connection} = step.response;
  if (response.status !== status) {
    found.push(`status: recorded ${status}, simulated ${response.status} ${response.reason}`);
  }
  if (twins.mask(response.reason) !== twins.mask(reason)) {
    found.push(`reason: recorded ${reason}, simulated ${response.reason}`);
  }
  if (connection !== undefined && (connection === 'close') !== response.closeConnection) {
    found.push(`connection: recorded ${connection}`);
  }
  return [...found, ...compareBody(step, response.body, twins)];
}

function compareBody(step: Step, body: string, twins: Twins): readonly string[] {
  const {json, text} = step.response;
  if (json === undefined) {
    return body === (text ?? '') ? [] : [`text: recorded ${text}, simulated ${body}`];
  }
  return differences(json, body === '' ? undefined : JSON.parse(body), twins);
}

function requestOf(cluster: Cluster, step: Step, twins: Twins): Request {
  const {method, path, params, rawBody, headers = {}} = step.request;
  // A repeated parameter is recorded as a list of pairs.
  const pairs = Array.isArray(params) ? params : Object.entries(params ?? {});
  const fields = pairs.filter(([, value]) => value !== null);
  const form = fields
    .flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(field(value))}`)
    .map((pair) => encodedTwins(pair, twins))
    .join('&');
  const inBody = method === 'POST' || method === 'PUT';
  const query = form === '' || inBody ? '' : `${path.includes('?') ? '&' : '?'}${form}`;
  const raw = typeof rawBody === 'string' ? twins.translate(rawBody) : undefined;
  return {
    method,
    path: `/api2/json${encodedTwins(path, twins)}${query}`,
    headers: {...lowerCase(headers), ...credentials(cluster, step)},
    body: raw ?? (inBody ? form : ''),
  };
}

/** Form text with the recorded ids replaced, whether they are percent-encoded in it or not. */
function encodedTwins(text: string, twins: Twins): string {
  const decoded = decodeURIComponent(text);
  const translated = twins.translate(decoded);
  if (translated === decoded) {
    return text;
  }
  const [path = '', ...rest] = text.split('=');
  return rest.length > 0 && !text.startsWith('/')
    ? `${path}=${encodeURIComponent(twins.translate(decodeURIComponent(rest.join('='))))}`
    : text
        .split('/')
        .map((part) => encodeURIComponent(twins.translate(decodeURIComponent(part))))
        .join('/');
}

function field(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace('<root-password>', secrets.rootPassword);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function credentials(cluster: Cluster, step: Step): Record<string, string> {
  const as = step.as ?? 'token gitops@pve!ci';
  if (as === 'anon') {
    return {};
  }
  if (as === 'bad token') {
    const separated = step.note?.includes('space') === true;
    const text = separated ? `PVEAPIToken gitops@pve!ci=${secrets.ci}` : 'PVEAPIToken=garbage';
    return {authorization: text};
  }
  if (as === 'bad ticket') {
    return {cookie: 'PVEAuthCookie=PVE:root@pam:00000000::nonsense'};
  }
  if (as.startsWith('root')) {
    const cookie = `PVEAuthCookie=${encodeURIComponent(makeTicket(cluster, 'root@pam'))}`;
    const token = makeCsrfToken(cluster, 'root@pam');
    return as.includes('no CSRF') ? {cookie} : {cookie, csrfpreventiontoken: token};
  }
  const token = as.replace('token ', '');
  return {authorization: `PVEAPIToken=${token}=${secretOf(cluster, step, token)}`};
}

function secretOf(cluster: Cluster, step: Step, token: string): string {
  const [user = '', name = ''] = token.split('!');
  const known = cluster.access.users.get(user)?.tokens.get(name)?.secret;
  return step.note === 'wrong secret' ? 'wrong' : (known ?? 'unknown');
}

/** Replay scenarios, print agreement and, if wished, differences; false when one is not well. */
function main(arguments_: readonly string[]): boolean {
  if (!recordingsExist()) {
    console.log('conformance: skipped, the recordings are not beside the project');
    return true;
  }
  const wanted = arguments_.filter((argument) => /^\d\d$/.test(argument));
  const scenarios = readScenarios().filter(
    (scenario) => wanted.length === 0 || wanted.includes(scenario.number),
  );
  const all = scenarios.map((scenario) => ({scenario, results: replay(scenario)}));
  if (arguments_.includes('--write')) {
    writeList(all);
  }
  const list = readList();
  const problems = all.flatMap(({scenario, results}) => {
    print(scenario, results, list[scenario.name]?.status ?? 'new');
    if (arguments_.includes('--show-differences')) {
      results.forEach(printDifferences);
    }
    return judge(scenario, results, list[scenario.name]);
  });
  for (const problem of problems) {
    console.log(`problem: ${problem.slice(0, 300)}`);
  }
  return problems.length === 0;
}

function print(scenario: Scenario, results: readonly StepResult[], status: string): void {
  const agreeing = results.filter((result) => result.differences.length === 0).length;
  const count = `${agreeing}/${results.length}`.padStart(8);
  const percent = `${agreement(results).toFixed(1)} %`.padStart(8);
  console.log(`${scenario.name.padEnd(24)} ${count} ${percent}  ${status}`);
}

function printDifferences(result: StepResult): void {
  if (result.differences.length === 0) {
    return;
  }
  const {n, as, note, request} = result.step;
  const params = JSON.stringify(request.params ?? request.rawBody ?? null).slice(0, 200);
  console.log(`  ${n} ${request.method} ${request.path} ${params} [${as}] ${note ?? ''}`);
  for (const difference of result.differences.slice(0, 12)) {
    console.log(`      ${difference}`);
  }
}

if (import.meta.main) {
  process.exitCode = main(process.argv.slice(2)) ? 0 : 1;
}
