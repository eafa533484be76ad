// Why this exists: what people look at is tested on reports that say exactly what a case is about;
// everything else has a value that differs from any default.
import type {Action, Change, Outcome, Plan, Reason, Verdict} from '../../src/core/action.ts';
import type {Journal} from '../../src/core/ports.ts';
import type {Report, ResourceReport, SourceReport} from '../../src/core/report.ts';

/** 2026-03-04T05:06:07Z. */
export const NOW = Date.UTC(2026, 2, 4, 5, 6, 7);

/** A commit of sixteen times `c0`, and so on. */
export const COMMIT = 'c0ffee'.repeat(7).slice(0, 40);

/** 64 hex digits that begin with the VMID. */
export function fingerprintOf(vmid: number): string {
  return `${vmid}`.padEnd(64, 'ab');
}

/** A change of one field. */
export function aChange(parts: Partial<Change> = {}): Change {
  return {
    field: 'cpu.cores',
    from: 3,
    to: 5,
    risk: 'disruptive',
    because: 'the guest runs without CPU hotplug',
    cause: 'pending',
    shown: {from: '3', to: '5'},
    ...parts,
  };
}

/** An update of `neo4j-db`, unless told otherwise. */
export function anAction(parts: Partial<Action> = {}): Action {
  const vmid = parts.vmid ?? 150;
  return {
    fingerprint: fingerprintOf(vmid),
    key: `guest/${vmid}`,
    kind: 'VirtualMachine',
    name: 'neo4j-db',
    source: 'harness',
    vmid,
    node: 'pve1',
    verb: 'update',
    risk: 'disruptive',
    cause: 'pending',
    changes: [aChange()],
    steps: [],
    findings: [],
    after: [],
    witness: '6f7c1f0e-0000-4000-8000-000000000150',
    facts: {},
    loads: [],
    claims: [],
    range: null,
    mode: 'enforce',
    record: null,
    ...parts,
  };
}

/** A hold on an action, for one reason. */
export function aHold(action: Action, reason: Reason, parts: Partial<Verdict> = {}): Verdict {
  const short = action.fingerprint.slice(0, 16);
  return {
    fingerprint: action.fingerprint,
    key: action.key,
    verdict: 'hold',
    reasons: [
      {
        reason,
        detail: `${action.risk} changes need an approval`,
        remedy: `pvegit apply --approve ${short}`,
      },
    ],
    approval: null,
    ...parts,
  };
}

/** A resource in sync, unless told otherwise. */
export function aResource(parts: Partial<ResourceReport> & {readonly vmid?: number} = {}) {
  const {vmid = 150, ...rest} = parts;
  return {
    key: `guest/${vmid}`,
    id: `qemu/${vmid}`,
    kind: 'VirtualMachine',
    name: 'neo4j-db',
    node: 'pve1',
    mode: 'enforce',
    source: 'harness',
    state: 'in_sync',
    because: [],
    drift: [],
    ...rest,
  } satisfies ResourceReport;
}

/** A source that follows its newest commit. */
export function aSource(parts: Partial<SourceReport> = {}): SourceReport {
  return {
    name: 'harness',
    repository: 'https://git.example/infra.git',
    commit: COMMIT,
    subject: 'Give neo4j-db two more cores',
    author: 'Dora Müller <dora@example.org>',
    committedAt: NOW - 65_000,
    error: null,
    documents: 7,
    diagnostics: [],
    ...parts,
  };
}

/** A plan of these actions. */
export function aPlan(parts: Partial<Plan> = {}): Plan {
  return {
    cluster: 'harness',
    installation: 'home',
    revisions: {harness: COMMIT},
    takenAt: NOW - 2_000,
    actions: [],
    waiting: [],
    diagnostics: [],
    unmanaged: [{id: 'qemu/100', name: 'ubuntu-template', node: 'pve1'}],
    managed: 4,
    pruneCandidates: [],
    setFingerprint: null,
    ...parts,
  };
}

/** One good pass over `harness`. */
export function aReport(parts: Partial<Report> = {}): Report {
  return {
    cluster: 'harness',
    startedAt: NOW - 3_000,
    endedAt: NOW - 1_500,
    result: 'ok',
    stages: (['fetch', 'observe', 'plan', 'gate', 'dispatch'] as const).map((stage) => ({
      stage,
      seconds: 0.125,
      ok: true,
      because: null,
    })),
    sources: [aSource()],
    plan: aPlan(),
    verdicts: [],
    resources: [aResource()],
    applying: [],
    dispatched: [],
    requests: 9,
    quorate: true,
    endpoints: [{url: 'https://pve1:8006', up: true}],
    openIntents: 0,
    journalIsNew: false,
    windows: {benign: true, disruptive: true, destructive: true},
    ...parts,
  };
}

/** An action that was done. */
export function anOutcome(parts: Partial<Outcome> = {}): Outcome {
  return {
    cluster: 'harness',
    key: 'guest/150',
    name: 'neo4j-db',
    fingerprint: fingerprintOf(150),
    verb: 'update',
    risk: 'benign',
    result: 'done',
    because: 'every step is verified',
    startedAt: NOW - 40_000,
    endedAt: NOW - 30_000,
    steps: [],
    ...parts,
  };
}

/** What status reads of a journal that holds nothing but what is given. */
export function aJournal(
  parts: Partial<Journal> = {},
): Pick<Journal, 'suspensions' | 'outcomes' | 'outcomesOf' | 'openIntents' | 'audit'> {
  return {
    suspensions: () => [],
    outcomes: () => [],
    outcomesOf: () => [],
    openIntents: () => [],
    audit: () => [],
    ...parts,
  };
}
