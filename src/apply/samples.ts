// Why this exists: tests of apply need whole steps, intents and objects; what a case does not speak
// of is filled in here.
import type {Action, CallStep, Guard, Intent} from '../core/action.ts';
import type {Observed} from '../core/model.ts';

/** A guard of guest 150 on pve1 as ours, stopped. */
export function sampleGuard(with_: Partial<Guard> = {}): Guard {
  return {
    vmid: 150,
    node: 'pve1',
    state: 'ours',
    witness: 'uuid-1',
    digest: 'd1',
    power: 'stopped',
    ...with_,
  };
}

/** Guest 150 as ours, stopped, unlocked, with memory 2048. */
export function sampleObserved(with_: Partial<Observed> = {}): Observed {
  return {
    key: 'guest/150',
    kind: 'Toy',
    name: 'web',
    node: 'pve1',
    body: {memory: 2048},
    active: {},
    unreadable: [],
    ownership: {kind: 'ours'},
    witness: 'uuid-1',
    lock: null,
    digest: 'd1',
    power: 'stopped',
    protection: false,
    ha: null,
    raw: {configured: {memory: '2048'}, active: {memory: '2048'}},
    ...with_,
  };
}

/** A write of memory 3072. */
export function sampleStep(with_: Partial<CallStep> = {}): CallStep {
  return {
    kind: 'call',
    operation: 'config',
    says: 'write memory',
    call: {method: 'PUT', path: '/nodes/pve1/qemu/150/config', params: {memory: 3072}},
    guard: sampleGuard(),
    fields: ['memory'],
    expect: {memory: 3072},
    timeoutMs: 60_000,
    target: {},
    ...with_,
  };
}

/** An update of guest 150 with these steps. */
function sampleAction(steps: readonly CallStep[]): Action {
  return {
    fingerprint: 'f'.repeat(64),
    key: 'guest/150',
    kind: 'Toy',
    name: 'web',
    source: 'infra',
    vmid: 150,
    node: 'pve1',
    verb: 'update',
    risk: 'benign',
    cause: 'pending',
    changes: [],
    steps,
    findings: [],
    after: [],
    witness: 'uuid-1',
    facts: {},
    loads: [],
    claims: [],
    range: null,
    mode: 'enforce',
    record: null,
  };
}

/** An open intent of that step, sent when the digest was d1. */
export function sampleIntent(step: CallStep, with_: Partial<Intent> = {}): Intent {
  return {
    id: 1,
    cluster: 'harness',
    key: 'guest/150',
    vmid: 150,
    node: 'pve1',
    fingerprint: 'f'.repeat(64),
    verb: 'update',
    stepIndex: 0,
    step,
    sentDigest: 'd1',
    action: sampleAction([step]),
    upid: null,
    openedAt: 1_000,
    state: 'open',
    because: '',
    ...with_,
  };
}
