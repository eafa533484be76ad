// Why this exists: a simulator that only our own client talks to may share its mistakes. Here
// clients that nobody here wrote send recorded requests to `pvegit simulate --listen` and get what
// the recordings show.
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {PveClient} from '@corsinvest/cv4pve-api-javascript';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {differences} from '../conformance/compare.ts';
import {readScenarios, type Step} from '../conformance/recording.ts';
import {Twins} from '../conformance/twins.ts';
import {type Program, startProgram} from '../fixtures/program.ts';
import {needs} from '../parts.ts';

const run = promisify(execFile);
type Result = Awaited<ReturnType<PveClient['get']>>;

interface Simulated {
  readonly program: Program;
  readonly url: string;
  readonly token: string;
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly body: string;
}

async function simulate(): Promise<Simulated> {
  const program = startProgram(['simulate', '--listen', '--json', '--speed', '50']);
  await program.says(/^\}$/m);
  const {url, token} = JSON.parse(program.stdout());
  return {program, url, token};
}

/** One recorded request by curl, exactly as it was recorded. */
async function byCurl({url, token}: Simulated, step: Step, twins: Twins): Promise<Answer> {
  const {method, path, params, rawBody, headers = {}} = step.request;
  const args = ['--silent', '--insecure', '--include', '--path-as-is', '--http1.1'];
  if (method === 'HEAD') args.push('--head');
  else args.push('--request', method);
  args.push('--header', `Authorization: PVEAPIToken=${token}`, '--header', 'Expect:');
  for (const [name, value] of Object.entries(headers)) args.push('--header', `${name}: ${value}`);
  const inQuery = method === 'GET' || method === 'DELETE';
  const fields = Object.entries(params ?? {});
  if (inQuery && fields.length > 0) args.push('--get');
  for (const [name, value] of fields) args.push('--data-urlencode', `${name}=${value}`);
  const body = typeof rawBody === 'string' ? rawBody : null;
  if (body !== null) args.push('--data-binary', '@-');
  const target = twins.translate(decodeURIComponent(path));
  const place = path.includes('%') ? encodeSegments(target) : target;
  const running = run('curl', [...args, `${url}/api2/json${place}`], {maxBuffer: 2 ** 24});
  running.child.stdin?.end(body ?? '');
  return parseAnswer((await running).stdout);
}

function encodeSegments(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function parseAnswer(text: string): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const match = /^HTTP\/1\.1 (\d+) (.*)$/m.exec(head);
  return {
    status: Number(match?.[1]),
    reason: match?.[2]?.trim() ?? '',
    body: rest.join('\r\n\r\n'),
  };
}

/** What differs from the recording, as texts. The token's owner has another name here. */
function compare(step: Step, answer: Answer, twins: Twins): readonly string[] {
  const {status, reason, json} = step.response;
  const found: string[] = [];
  if (answer.status !== status) found.push(`${answer.status} ${answer.reason}, not ${status}`);
  if (twins.mask(answer.reason) !== twins.mask(reason)) found.push(`reason ${answer.reason}`);
  if (json !== undefined) found.push(...differences(asUs(json), JSON.parse(answer.body), twins));
  return found.map((one) => `${step.n} ${step.request.path}: ${one}`);
}

function asUs(json: unknown): unknown {
  const text = JSON.stringify(json).replaceAll('"user":"gitops@pve"', '"user":"pvegit@pve"');
  return JSON.parse(text.replaceAll('"tokenid":"ci"', '"tokenid":"controller"'));
}

function scenario(number: string): readonly Step[] {
  return readScenarios().find((one) => one.number === number)?.steps ?? [];
}

let simulated: Simulated;
beforeEach(async () => {
  simulated = await simulate();
});
afterEach(async () => {
  simulated.program.signal('SIGTERM');
  await simulated.program.ended;
});

describe.runIf(needs('curl', 'shared'))('curl with a token', () => {
  it('gets what was recorded for every quirk of HTTP', async () => {
    const twins = new Twins();
    const found: string[] = [];
    const steps = scenario('21');
    for (const step of steps) {
      const answer = await settled(() => byCurl(simulated, step, twins));
      found.push(...compare(step, answer, twins));
    }
    expect(found).toEqual([]);
    expect(steps).toHaveLength(37);
  });
});

describe.runIf(needs('shared'))('a Proxmox client from npm', () => {
  it('gets what was recorded for each of these calls that it can make', async () => {
    const client = connect(simulated);
    const twins = new Twins();
    const found: string[] = [];
    let asked = 0;
    for (const step of scenario('21')) {
      const ask = callOf(client, step, twins);
      if (ask === null) continue;
      asked += 1;
      const answer = await settled(ask);
      found.push(...compare(step, answer, twins));
    }
    expect(found).toEqual([]);
    expect(asked).toBe(30);
  });

  it('clones the template, starts the clone, changes, stops and destroys it', async () => {
    const client = connect(simulated);
    const qemu = '/nodes/pve1/qemu';
    const work = async (result: Promise<Result>): Promise<string> => {
      const upid = String((await result).response.data);
      expect(await client.waitForTaskToFinish(upid, 50, 20_000)).toBe(true);
      return client.getExitStatusTask(upid);
    };
    const clone = {newid: 901, name: 'by-npm', full: true};
    expect(await work(client.create(`${qemu}/100/clone`, clone))).toBe('OK');
    expect(await work(client.create(`${qemu}/901/status/start`))).toBe('OK');
    expect((await client.set(`${qemu}/901/config`, {description: 'hello'})).statusCode).toBe(200);
    const {data} = (await client.get(`${qemu}/901/config`)).response;
    expect(data).toMatchObject({name: 'by-npm', description: 'hello'});
    expect(await work(client.create(`${qemu}/901/status/stop`))).toBe('OK');
    expect(await work(client.delete(`${qemu}/901`))).toBe('OK');
    expect(await client.get(`${qemu}/901/config`)).toMatchObject({
      statusCode: 500,
      reasonPhrase: "Configuration file 'nodes/pve1/qemu-server/901.conf' does not exist",
    });
  });
});

function connect({url, token}: Simulated): PveClient {
  const {hostname, port} = new URL(url);
  const client = new PveClient(hostname, Number(port));
  client.apiToken = token;
  return client;
}

/** No task was still running in the recording: where one is, it is asked again. */
async function settled(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (!answer.body.includes('"status":"running"')) return answer;
  }
}

/** One recorded request by the client; null where its interface cannot say it. */
function callOf(client: PveClient, step: Step, twins: Twins): (() => Promise<Answer>) | null {
  const {method, path, params, rawBody, headers} = step.request;
  const call = {GET: client.get, POST: client.create, PUT: client.set, DELETE: client.delete}[
    method
  ]?.bind(client);
  // It can only read JSON, as the answers to nearly everything are.
  if (call === undefined || step.response.json === undefined) return null;
  const body =
    typeof rawBody === 'string' ? bodyOf(rawBody, headers?.['Content-Type']) : (params ?? {});
  if (body === null) return null;
  const target = twins.translate(decodeURIComponent(path));
  const place = path.includes('%') ? encodeSegments(target) : target;
  return async () => {
    const {statusCode, reasonPhrase, response} = await call(place, body);
    return {status: statusCode, reason: reasonPhrase, body: JSON.stringify(response)};
  };
}

/** A recorded body as the client takes it; it leaves out what is null, and speaks only JSON. */
function bodyOf(text: string, type: string | undefined): object | null {
  if (type === 'application/x-www-form-urlencoded') {
    const form = new URLSearchParams(text);
    return Object.fromEntries([...form.keys()].map((name) => [name, form.getAll(name)]));
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    return Object.values(value).includes(null) ? null : value;
  } catch {
    return null;
  }
}
