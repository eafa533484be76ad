// Why this exists: a whole controller in one process on virtual time: real kinds, plan, gate,
// apply and journal against the simulator, with a repository that a test edits as text.
import type {Applier} from '../../src/apply/applier.ts';
import type {Approval, Outcome} from '../../src/core/action.ts';
import {sha256Hex} from '../../src/core/canonical.ts';
import type {Revision} from '../../src/core/model.ts';
import type {Policy, Scope} from '../../src/core/policy.ts';
import type {
  Clock,
  Exchange,
  Journal,
  Log,
  Random,
  Secrets,
  Source,
  SourceError,
} from '../../src/core/ports.ts';
import type {MetricEvent} from '../../src/core/report.ts';
import {err, ok, type Result} from '../../src/core/result.ts';
import {openJournal} from '../../src/journal/journal.ts';
import {kinds} from '../../src/kinds/index.ts';
import {createPve} from '../../src/pve/client.ts';
import {type ClusterSetup, createApplier} from '../../src/reconcile/controller.ts';
import {newMemory, type PassMemory} from '../../src/reconcile/memory.ts';
import type {ClusterParts} from '../../src/reconcile/parts.ts';
import {type PassResult, runPass} from '../../src/reconcile/pass.ts';
import {runUntilSettled, type Settled} from '../../src/reconcile/until-settled.ts';
import {demoSecret} from '../../src/simulator/build.ts';
import {simulatorExchange, VirtualTime} from '../../src/simulator/exchange.ts';
import type {Cluster} from '../../src/simulator/state.ts';

/** A policy under which everything that may be automatic is. */
export const EAGER: Policy = {
  benign: 'automatic',
  disruptive: 'automatic',
  destructive: {kind: 'approval', quorum: 1, notAuthor: false, terminal: true},
  drift: {benign: 'correct', disruptive: 'correct'},
  blastRadius: {actions: 5, guestsPercent: 20},
  windows: [],
  expectedMs: {},
};

/** A scope that allows everything. */
export const EVERYTHING: Scope = {
  vmids: [{from: 100, to: 999_999_999}],
  nodes: ['*'],
  storages: ['*'],
  bridges: ['*'],
  pools: ['*'],
  kinds: ['*'],
  devices: true,
};

/** What a story is told with. */
export interface Story {
  readonly simulator: Cluster;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly files: Map<string, string>;
  /** Requests so far, `METHOD path`. */
  readonly requests: string[];
  readonly outcomes: Outcome[];
  /** What was told to the metrics. */
  readonly events: readonly MetricEvent[];
  /** Secret values by `name.key`. */
  readonly secrets: Map<string, string>;
  approvals: Approval[];
  /** What the loop remembers between passes. */
  readonly memory: PassMemory;
  /** One pass without applying. */
  plan(): Promise<PassResult>;
  /** One pass that starts what it may, and waits for none of it. */
  pass(): Promise<PassResult>;
  /** Passes and actions until nothing is left that may be done. */
  settle(signal?: AbortSignal): Promise<Settled>;
  /** Approves every action of the plan that is held for approval, and settles. */
  approveAll(): Promise<Settled>;
}

/** How a story differs from the usual. */
export interface StoryOptions {
  readonly files: {readonly [path: string]: string};
  readonly policy?: Policy;
  readonly scope?: Scope;
  readonly journal?: Journal;
  /** Wraps the way to the simulator, for faults. */
  readonly wrap?: (exchange: Exchange) => Exchange;
  /** As the controller's configuration names them; `home`, `harness` and `infra` when left out. */
  readonly installation?: string;
  readonly cluster?: string;
  readonly source?: string;
  /** What a fetch comes to, given the revision that it would bring. */
  readonly fetched?: (revision: Revision) => Result<Revision, SourceError>;
  /** VMID of the guest that the controller runs in. */
  readonly selfVmid?: number;
  /** Where forensics go; kept nowhere when left out. */
  readonly evidence?: ClusterSetup['evidence'];
}

/** Sets a story up on a simulated cluster. */
export function createStory(simulator: Cluster, options: StoryOptions): Story {
  const time = new VirtualTime(simulator);
  const clock = clockOf(time);
  const random = seededRandom();
  const journal = options.journal ?? openJournal({path: ':memory:', clock, random});
  const files = new Map(Object.entries(options.files));
  const requests: string[] = [];
  const [outcomes, events]: [Outcome[], MetricEvent[]] = [[], []];
  const secrets = new Map<string, string>();
  const exchange = wayTo(simulator, time, {requests, options});
  const pve = createPve({
    cluster: options.cluster ?? 'harness',
    endpoints: [{url: 'https://127.0.0.1:8006', exchange}],
    token: `pvegit@pve!controller=${demoSecret}`,
    concurrency: {readsPerNode: 3},
    clock,
    random,
  });
  const parts = storyParts({
    options,
    metrics: {emit: (event) => void events.push(event)},
    pve,
    journal,
    clock,
    random,
    source: textSource(options.source ?? 'infra', files, options.fetched ?? ok),
    secrets: textSecrets(secrets),
    approvals: () => story.approvals,
  });
  const setup: ClusterSetup = {
    parts,
    memory: newMemory(),
    evidence: options.evidence ?? {save: async (name) => ok(name)},
    passTimeoutMs: 600_000,
  };
  const never = new AbortController().signal;
  const applier: Applier = createApplier(setup, {
    nudge: () => undefined,
    ended: (outcome) => void outcomes.push(outcome),
    broken: (error) => {
      throw error;
    },
  });
  const settle = (signal: AbortSignal = never) =>
    runUntilSettled({...parts, applier}, setup.memory, () => {}, signal);
  const story: Story = {
    simulator,
    journal,
    clock,
    files,
    requests,
    outcomes,
    events,
    secrets,
    approvals: [],
    memory: setup.memory,
    plan: () => runPass({...parts, applier: null}, setup.memory, never),
    pass: () => runPass({...parts, applier}, setup.memory, never),
    settle,
    approveAll: async () => {
      const {report} = await story.plan();
      const held = report.verdicts.filter(({reasons}) =>
        reasons.some(({reason}) => reason === 'approval'),
      );
      story.approvals = held.map(({fingerprint}) => approval(fingerprint, clock.now()));
      return settle();
    },
  };
  return story;
}

/** Requests to the simulator, noted, and with the faults of the story. */
function wayTo(
  simulator: Cluster,
  time: VirtualTime,
  {requests, options}: {readonly requests: string[]; readonly options: StoryOptions},
): Exchange {
  const direct = recorded(simulatorExchange(simulator, time), requests);
  return options.wrap?.(direct) ?? direct;
}

function clockOf(time: VirtualTime): Clock {
  return {
    now: () => time.now(),
    monotonic: () => time.now(),
    sleep: (ms, signal) => time.sleep(ms, signal),
  };
}

/** What of a cluster's parts differs from story to story. */
interface StoryParts
  extends Pick<ClusterParts, 'pve' | 'journal' | 'clock' | 'random' | 'metrics'> {
  readonly options: StoryOptions;
  readonly source: Source;
  readonly secrets: Secrets;
  readonly approvals: () => readonly Approval[];
}

function storyParts(story: StoryParts): Omit<ClusterParts, 'applier'> {
  const {options, source, ...rest} = story;
  const scope = options.scope ?? EVERYTHING;
  return {
    ...rest,
    cluster: options.cluster ?? 'harness',
    installation: options.installation ?? 'home',
    kinds,
    sources: [{source, repository: 'memory', scope, intervalMs: 60_000}],
    log: silentLog,
    policy: options.policy ?? EAGER,
    limits: {readsPerNode: 3, tasksPerNode: 2, clonesPerStorage: 1},
    selfVmid: options.selfVmid ?? null,
    selfUuid: null,
    user: 'pvegit@pve!controller',
  };
}

/** An approval at the terminal of one fingerprint, valid for an hour. */
export function approval(fingerprint: string, now: number): Approval {
  return {
    id: `test-${fingerprint}-${now}`,
    fingerprint,
    principal: 'tester',
    via: 'terminal',
    issuedAt: now,
    expiresAt: now + 3_600_000,
    reason: 'test',
  };
}

function textSource(
  name: string,
  files: ReadonlyMap<string, string>,
  fetched: (revision: Revision) => Result<Revision, SourceError>,
): Source {
  return {
    name,
    fetch: async (last) => {
      const encoder = new TextEncoder();
      const list = [...files].map(([path, text]) => ({
        path,
        blob: sha256Hex(text).slice(0, 40),
        bytes: encoder.encode(text),
      }));
      const commit = sha256Hex(JSON.stringify([...files])).slice(0, 40);
      const revision: Revision = {
        source: name,
        commit,
        branch: 'main',
        author: 'tester',
        subject: 'a commit',
        committedAt: 0,
        signature: {kind: 'unchecked'},
        ancestry: last === null ? 'first' : last === commit ? 'same' : 'descendant',
        files: list,
        skipped: [],
      };
      return fetched(revision);
    },
    watch: () => () => undefined,
    close: async () => undefined,
  };
}

function textSecrets(values: ReadonlyMap<string, string>): Secrets {
  return {
    reveal: async (_source, {name, key}) => {
      const value = values.get(`${name}.${key}`);
      return value === undefined ? err({message: `${name}.${key} is not set`}) : ok(value);
    },
    hash: async (_source, {name, key}, scope) => {
      const value = values.get(`${name}.${key}`);
      if (value === undefined) return err({message: `${name}.${key} is not set`});
      return ok(sha256Hex(JSON.stringify([scope, value])));
    },
  };
}

function recorded(exchange: Exchange, requests: string[]): Exchange {
  return {
    ...exchange,
    request: (request) => {
      requests.push(`${request.method} ${request.path}`);
      return exchange.request(request);
    },
  };
}

function seededRandom(): Random {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
  return {
    float: next,
    bytes: (length) => Uint8Array.from({length}, () => Math.floor(next() * 256)),
  };
}

const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
