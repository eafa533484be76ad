// Why this exists: the gate's tests state only what they are about; the rest is said here once.
import type {Action, Approval, Change, Plan, Verdict} from '../core/action.ts';
import {assert} from '../core/assert.ts';
import {setFingerprint, sha256Hex} from '../core/canonical.ts';
import type {Policy, Scope} from '../core/policy.ts';
import type {GateInput, WindowState} from './input.ts';
import {judge} from './judge.ts';

/** The tests' now, ms since the epoch. */
export const NOW = 1_700_000_000_000;

/** An update of guest/150; its fingerprint follows from key, verb, risk, cause and fields. */
export function action(more: Partial<Action> = {}): Action {
  const made: Action = {
    fingerprint: '',
    key: 'guest/150',
    kind: 'VirtualMachine',
    name: 'neo4j-db',
    source: 'home',
    vmid: 150,
    node: 'pve1',
    verb: 'update',
    risk: 'benign',
    cause: 'pending',
    changes: [change('cores')],
    steps: [],
    findings: [],
    after: [],
    witness: 'uuid-150',
    facts: {},
    loads: [],
    claims: [],
    range: null,
    mode: 'enforce',
    record: null,
    ...more,
  };
  const fields = made.changes.map((one) => one.field).join();
  const text = [made.key, made.verb, made.risk, made.cause, fields].join(' ');
  return {...made, fingerprint: more.fingerprint ?? sha256Hex(text)};
}

/** A benign change of one field. */
export function change(field: string): Change {
  return {
    field,
    from: 1,
    to: 2,
    risk: 'benign',
    because: 'it is a test',
    cause: 'pending',
    shown: {from: '1', to: '2'},
  };
}

/** A destructive delete of a guest. */
export function deletion(vmid = 150): Action {
  const key = `guest/${vmid}`;
  return action({key, vmid, verb: 'delete', risk: 'destructive', changes: []});
}

/** A plan of these actions over a cluster with ten managed guests. */
export function planWith(actions: readonly Action[], more: Partial<Plan> = {}): Plan {
  const destructive = actions.filter((one) => one.risk === 'destructive');
  return {
    cluster: 'harness',
    installation: 'home',
    revisions: {home: 'c2'},
    takenAt: NOW,
    actions,
    waiting: [],
    diagnostics: [],
    unmanaged: [],
    managed: 10,
    pruneCandidates: [],
    setFingerprint: setFingerprint(destructive.map((one) => one.fingerprint)),
    ...more,
  };
}

/** The default policy of config.md. */
export const POLICY: Policy = {
  benign: 'automatic',
  disruptive: 'approval',
  destructive: {kind: 'approval', quorum: 1, notAuthor: false, terminal: true},
  drift: {benign: 'correct', disruptive: 'report'},
  blastRadius: {actions: 5, guestsPercent: 20},
  windows: [],
  expectedMs: {clone: 1_800_000, cycle: 300_000},
};

/** A scope that allows everything. */
export const ANYWHERE: Scope = {
  vmids: [{from: 100, to: 999_999}],
  nodes: ['*'],
  storages: ['*'],
  bridges: ['*'],
  pools: ['*'],
  kinds: ['*'],
  devices: true,
};

/** No window of any sort is configured. */
export const NO_WINDOW: WindowState = {
  allowed: false,
  denied: false,
  closesAt: null,
  opensAt: null,
  deniesAt: null,
};

/** An input in which nothing holds a benign action. */
export function gateInput(actions: readonly Action[], more: Partial<GateInput> = {}): GateInput {
  return {
    plan: planWith(actions),
    policy: POLICY,
    scopes: {home: ANYWHERE},
    approvals: [],
    spent: new Set(),
    sets: {},
    authors: {},
    suspensions: [],
    self: null,
    selfUuid: null,
    now: NOW,
    clockOff: null,
    quorate: true,
    applying: new Set(),
    unknown: {},
    corrections: {},
    driftSince: {},
    foreignStops: new Set(),
    stranger: null,
    breakglass: new Set(),
    backoffs: {},
    evidenceMissing: {},
    running: {},
    limits: {readsPerNode: 3, tasksPerNode: 2, clonesPerStorage: 1},
    windows: {benign: NO_WINDOW, disruptive: NO_WINDOW, destructive: NO_WINDOW},
    journalBirth: NOW - 86_400_000,
    ...more,
  };
}

/** An approval of one fingerprint, given a minute ago for an hour. */
export function approvalOf(fingerprint: string, more: Partial<Approval> = {}): Approval {
  return {
    id: `nonce-${fingerprint.slice(0, 8)}-${more.principal ?? 'alice'}`,
    fingerprint,
    principal: 'alice',
    via: 'terminal',
    issuedAt: NOW - 60_000,
    expiresAt: NOW + 3_540_000,
    reason: 'looked at it',
    ...more,
  };
}

/** The verdict on the only action. */
export function verdictOn(one: Action, more: Partial<GateInput> = {}): Verdict {
  const [verdict] = judge(gateInput([one], more));
  assert(verdict, 'no verdict');
  return verdict;
}

/** The reasons of a verdict by name, in the order shown. */
export function reasonsOf(verdict: Verdict): readonly string[] {
  return verdict.reasons.map((one) => one.reason);
}
