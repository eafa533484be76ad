// Why this exists: a kind is proven against a cluster: Git's wish goes in, passes are made until
// nothing is left to do, and what the simulator then holds is compared. No waiting, no sockets.

import {checkGuard} from '../../src/apply/guard.ts';
import type {Action, CallStep, Plan} from '../../src/core/action.ts';
import {isObject, type Json} from '../../src/core/json.ts';
import type {ManifestDocument} from '../../src/core/kind.ts';
import type {Desired, Inventory, Observed, Read, ResourceRecord} from '../../src/core/model.ts';
import {finishedRecord} from '../../src/core/record.ts';
import {runSteps} from '../../src/core/steps.ts';
import {virtualMachine} from '../../src/kinds/virtual-machine/index.ts';
import type {PlanBasis} from '../../src/plan/input.ts';
import {beginPlan, makePlan} from '../../src/plan/make-plan.ts';
import {readAnswer} from '../../src/pve/classify.ts';
import {encodeForm} from '../../src/pve/form.ts';
import {type ClusterWish, demoCluster, demoSecret} from '../../src/simulator/build.ts';
import {advance} from '../../src/simulator/clock.ts';
import {handle} from '../../src/simulator/handle.ts';
import type {Cluster} from '../../src/simulator/state.ts';

/** One call as it left, for golden comparisons. */
export interface SentCall {
  readonly method: string;
  readonly path: string;
  readonly params: {readonly [key: string]: string | number};
}

/** A cluster with one source of manifests and the records of what was done. */
export interface Lab {
  readonly cluster: Cluster;
  desired: readonly Desired[];
  records: readonly ResourceRecord[];
  readonly sent: SentCall[];
  readonly secretHashes: {readonly [path: string]: string};
}

/** What a pass came to. */
export interface PassReport {
  readonly plan: Plan;
  readonly done: readonly Action[];
}

const RANGE = {
  file: 'vm.yaml',
  start: {line: 1, column: 1, offset: 0},
  end: {line: 9, column: 1, offset: 99},
};

/** A lab around the demo's cluster. */
export function lab(wish: ClusterWish = {}): Lab {
  const cluster = demoCluster(wish);
  return {cluster, desired: [], records: [], sent: [], secretHashes: {'cloudInit.password': 'h1'}};
}

/** A VirtualMachine document with this spec. */
export function document(
  spec: {readonly [key: string]: Json},
  name = 'neo4j-db',
): ManifestDocument {
  return {
    kind: 'VirtualMachine',
    name,
    source: 'home',
    file: RANGE.file,
    value: {apiVersion: 'pvegit/v1', kind: 'VirtualMachine', metadata: {name}, spec},
    range: RANGE,
    ranges: {},
  };
}

/** The normal form of a spec that must hold no mistake. */
export function wish(spec: {readonly [key: string]: Json}, name?: string): Desired {
  const {desired, diagnostics} = virtualMachine.normalise(document(spec, name));
  const [first] = desired;
  if (!first) throw new Error(diagnostics.map(({code, detail}) => `${code}: ${detail}`).join('\n'));
  return first;
}

/** Passes until the plan is empty; throws when it does not become so, or a step goes wrong. */
export function settle(world: Lab, passes = 6): readonly PassReport[] {
  const reports: PassReport[] = [];
  for (let pass = 0; pass < passes; pass += 1) {
    const report = runPass(world);
    reports.push(report);
    if (report.done.length === 0) return reports;
  }
  const left = reports.at(-1)?.plan.actions.flatMap(({changes}) => changes.map(({field}) => field));
  throw new Error(`not settled after ${passes} passes: ${left?.join(', ')}`);
}

/** One pass: every action that nothing speaks against is carried out, the first of each guest. */
export function runPass(world: Lab): PassReport {
  const plan = planNow(world);
  const done: Action[] = [];
  for (const action of plan.actions) {
    if (action.verb === 'none') {
      follow(world, action);
      continue;
    }
    if (action.findings.length > 0 || done.some(({key}) => key === action.key)) continue;
    carryOut(world, action);
    done.push(action);
  }
  return {plan, done};
}

/** The plan as things stand. */
export function planNow(world: Lab): Plan {
  let inventory = takeInventory(world);
  const basis: PlanBasis = {
    installation: 'home',
    cluster: 'harness',
    kinds: [virtualMachine],
    manifests: [
      {
        source: 'home',
        commit: 'c1',
        desired: world.desired,
        secrets: [],
        diagnostics: [],
        complete: true,
        documents: world.desired.length + 1,
        claimed: [],
      },
    ],
    unread: [],
    records: world.records,
    secretHashes: Object.fromEntries(world.desired.map(({key}) => [key, world.secretHashes])),
  };
  const planning = beginPlan(basis);
  for (let round = 0; round < 6; round += 1) {
    for (const {path} of runSteps(planning.looks(inventory))) {
      inventory = add(world, inventory, path);
    }
  }
  return makePlan({...basis, inventory});
}

/** The findings of a plan, as `reason: detail`. */
export function findingsOf(plan: Plan): readonly string[] {
  return plan.actions.flatMap(({findings}) =>
    findings.map(({reason, detail}) => `${reason}: ${detail}`),
  );
}

/** A guest as it stands in the cluster now. */
export function liveGuest(world: Lab, vmid: number): Observed {
  const observation = observeNow(world, `guest/${vmid}`);
  if (observation.kind !== 'present') throw new Error(`guest ${vmid}: ${observation.kind}`);
  return observation.observed;
}

function follow(world: Lab, action: Action): void {
  if (action.record === null) return;
  const witness = action.vmid === null ? null : (liveGuest(world, action.vmid).witness ?? null);
  remember(world, action, witness);
}

function remember(world: Lab, action: Action, witness: string | null): void {
  const others = world.records.filter(({key}) => key !== action.key);
  const verifiedAt = world.cluster.nowMs;
  const record = finishedRecord(action, {cluster: 'harness', witness, verifiedAt});
  world.records = record === null ? others : [...others, record];
}

function carryOut(world: Lab, action: Action): void {
  let digest: string | null = null;
  for (const step of action.steps) {
    if (step.kind === 'until') throw new Error('no kind waits yet');
    const seen = observeNow(world, action.key);
    const guard = checkGuard(step.guard, seen, digest);
    if (guard.kind === 'unfit') throw new Error(`${step.says}: ${guard.because}`);
    send(world, step, guard.observed?.digest ?? null);
    const after = observeNow(world, action.key);
    if (after.kind !== 'present') continue;
    const verified = virtualMachine.verify({
      before: guard.observed,
      after: after.observed,
      step,
      done: true,
    });
    if (verified.kind !== 'as-expected') throw new Error(`${step.says}: ${verified.because}`);
    digest = after.observed.digest;
  }
  const last = observeNow(world, action.key);
  remember(world, action, last.kind === 'present' ? last.observed.witness : null);
}

function send(world: Lab, step: CallStep, digest: string | null): void {
  const params: {[key: string]: string | number} = {};
  for (const [name, value] of Object.entries(step.call.params)) {
    if (typeof value !== 'object') params[name] = value;
    else params[name] = 'from' in value ? (digest ?? '') : 'correct-horse';
  }
  world.sent.push({method: step.call.method, path: step.call.path, params});
  const data = call(world, step.call.method, step.call.path, params);
  if (step.kind === 'task' && typeof data === 'string') awaitTask(world, step, data);
}

function awaitTask(world: Lab, step: CallStep, upid: string): void {
  const node = upid.split(':')[1] ?? '';
  for (let round = 0; round < 10_000; round += 1) {
    const status = call(world, 'GET', `/nodes/${node}/tasks/${encodeURIComponent(upid)}/status`);
    if (isObject(status) && status['status'] === 'stopped') {
      const exit = String(status['exitstatus']);
      if (!/^(OK|WARNINGS: \d+)$/.test(exit)) throw new Error(`${step.says}: ${exit}`);
      // The list of guests lags: later reads shall see what is.
      advance(world.cluster, world.cluster.nowMs + 30_000);
      return;
    }
    advance(world.cluster, world.cluster.nowMs + 1000);
  }
  throw new Error(`${step.says}: the task does not end`);
}

/** One call with the controller's token; throws on anything but success. */
export function call(
  world: Lab,
  method: string,
  path: string,
  params: {readonly [key: string]: string | number} = {},
): Json {
  const read = exchange(world, method, path, params);
  if (read.ok) return read.data;
  throw new Error(`${method} ${path} ${JSON.stringify(params)}: ${JSON.stringify(read.error)}`);
}

function exchange(
  world: Lab,
  method: string,
  path: string,
  params: {readonly [key: string]: string | number},
): Read['outcome'] {
  const form = encodeForm(params);
  const query = method === 'DELETE' && form !== '' ? `?${form}` : '';
  const body = method === 'POST' || method === 'PUT' ? form : '';
  const headers: {[name: string]: string} = {
    authorization: `PVEAPIToken=pvegit@pve!controller=${demoSecret}`,
  };
  if (body !== '') headers['content-type'] = 'application/x-www-form-urlencoded';
  const url = `/api2/json${path}${query}`;
  const {cluster} = world;
  const response = handle(cluster, {method, path: url, headers, body}, cluster.nowMs);
  if (response.kind !== 'answer') throw new Error(`${method} ${path}: ${response.kind}`);
  const answer = readAnswer(response);
  return answer.ok ? {ok: true, data: answer.value} : {ok: false, error: answer.error};
}

function observeNow(world: Lab, key: string) {
  const vmid = key.slice('guest/'.length);
  let inventory = emptyInventory(world);
  const guest = world.cluster.guests.get(Number(vmid));
  if (guest) inventory = add(world, inventory, `/nodes/${guest.node}/qemu/${vmid}/status/current`);
  return virtualMachine.observe(key, complete(world, inventory, key, null), 'home');
}

function takeInventory(world: Lab): Inventory {
  const keys = [...world.desired, ...world.records].map(({key}) => key);
  let inventory = emptyInventory(world);
  for (const key of new Set(keys)) {
    const desired = world.desired.find((one) => one.key === key) ?? null;
    inventory = complete(world, inventory, key, desired);
  }
  return inventory;
}

function complete(world: Lab, start: Inventory, key: string, desired: Desired | null): Inventory {
  let inventory = start;
  for (let round = 0; round < 6; round += 1) {
    const record = world.records.find((one) => one.key === key);
    const missing = virtualMachine.reads(key, desired, inventory, record);
    if (missing.length === 0) return inventory;
    for (const {path} of missing) inventory = add(world, inventory, path);
  }
  throw new Error(`${key} asks for ever more reads`);
}

function add(world: Lab, inventory: Inventory, path: string): Inventory {
  const read: Read = {path, outcome: exchange(world, 'GET', path, {})};
  return {...inventory, reads: {...inventory.reads, [path]: read}};
}

function emptyInventory(world: Lab): Inventory {
  return {
    cluster: 'harness',
    takenAt: world.cluster.nowMs,
    reads: {},
    release: '8.4',
    clockOffsetMs: {},
  };
}
