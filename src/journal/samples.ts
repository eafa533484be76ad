// Why this exists: the contract needs whole values of each type; what a case does not speak of is
// filled in here. Values differ from defaults.
import type {Action, Approval, CallStep, Intent, Outcome} from '../core/action.ts';
import type {ResourceRecord} from '../core/model.ts';
import type {AuditEntry} from '../core/ports.ts';

type IntentDraft = Omit<Intent, 'id' | 'upid' | 'state' | 'because'>;

/** A record of guest 150. */
export function sampleRecord(with_: Partial<ResourceRecord>): ResourceRecord {
  return {
    cluster: 'harness',
    key: 'guest/150',
    kind: 'VirtualMachine',
    name: 'plane-server',
    source: 'harness',
    path: 'guests/plane.yaml',
    body: {'cpu.cores': 4, tags: ['a', 'b'], 'disks.scsi0': true},
    wrote: ['cpu.cores'],
    witness: '5d0a7c1e',
    onDelete: 'retain',
    replaceToken: null,
    secretHashes: {'cloudInit.password': 'ab'},
    commit: '1'.repeat(40),
    verifiedAt: 1_700_000_000_123,
    ...with_,
  };
}

/** An approval at the terminal. */
export function sampleApproval(with_: Partial<Approval>): Approval {
  return {
    id: 'terminal/1',
    fingerprint: '0'.repeat(64),
    principal: 'anna',
    via: 'terminal',
    issuedAt: 5,
    expiresAt: 10,
    reason: 'wanted',
    ...with_,
  };
}

/** An intent to start guest 150. */
export function sampleIntent(with_: Partial<IntentDraft>): IntentDraft {
  return {
    cluster: 'harness',
    key: 'guest/150',
    vmid: 150,
    node: 'pve1',
    fingerprint: 'f'.repeat(64),
    verb: 'update',
    stepIndex: 0,
    step: STEP,
    sentDigest: 'd1',
    action: ACTION,
    openedAt: 1000,
    ...with_,
  };
}

const STEP: CallStep = {
  kind: 'task',
  operation: 'start',
  says: 'start it',
  call: {method: 'POST', path: '/nodes/pve1/qemu/150/status/start', params: {}},
  guard: {
    vmid: 150,
    node: 'pve1',
    state: 'ours',
    witness: '5d0a7c1e',
    digest: 'chain',
    power: 'stopped',
  },
  fields: ['power'],
  expect: {power: 'running'},
  timeoutMs: 60_000,
  target: {},
};

const ACTION: Action = {
  fingerprint: 'f'.repeat(64),
  key: 'guest/150',
  kind: 'VirtualMachine',
  name: 'plane-server',
  source: 'harness',
  vmid: 150,
  node: 'pve1',
  verb: 'update',
  risk: 'benign',
  cause: 'pending',
  changes: [],
  steps: [STEP],
  findings: [],
  after: [],
  witness: '5d0a7c1e',
  facts: {},
  loads: ['task:pve1'],
  claims: [],
  range: null,
  mode: 'enforce',
  record: null,
};

/** How an action on guest 150 ended. */
export function sampleOutcome(with_: Partial<Outcome>): Outcome {
  return {
    cluster: 'harness',
    key: 'guest/150',
    name: 'plane-server',
    fingerprint: 'f'.repeat(64),
    verb: 'update',
    risk: 'benign',
    result: 'done',
    because: 'OK',
    startedAt: 900,
    endedAt: 1000,
    steps: [],
    ...with_,
  };
}

/** One line of the audit log. */
export function sampleAudit(with_: Partial<AuditEntry>): AuditEntry {
  return {
    at: 1000,
    cluster: 'harness',
    key: 'guest/150',
    what: 'update',
    commit: '1'.repeat(40),
    author: 'anna',
    approver: null,
    fingerprint: null,
    upid: null,
    result: 'done',
    before: {cores: 2},
    after: {cores: 4},
    ...with_,
  };
}
