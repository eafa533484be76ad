// Why this exists: the gate's properties are tried on plans, policies, approvals and circumstances
// of every sort. Most of what is drawn is the usual, or most would be held for the same reason.
import fc from 'fast-check';
import {type Action, type CallStep, HOLDS, REFUSALS, type Reason} from '../../src/core/action.ts';
import {RISKS} from '../../src/core/model.ts';
import {CLASS_MODES, type Policy} from '../../src/core/policy.ts';
import type {Suspension} from '../../src/core/ports.ts';
import {driftId, type GateInput, type WindowState} from '../../src/gate/input.ts';
import {action, approvalOf, change, gateInput, NOW, POLICY} from '../../src/gate/samples.ts';

const FOUND: readonly Reason[] = [...REFUSALS, ...HOLDS];
/** Who wrote what; nobody knows of 153. */
const AUTHORS = {
  'guest/150': ['alice'],
  'guest/151': ['bob'],
  'guest/152': [],
  'guest/154': ['dora'],
};
const VMIDS = [150, 151, 152, 153, 154] as const;

/** Mostly the first, or most of what is drawn would be held for it. */
function rarely<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  const weights = {weight: 5 * others.length, arbitrary: fc.constant(usual)};
  return fc.oneof(weights, ...others.map((other) => ({weight: 1, arbitrary: fc.constant(other)})));
}

const times = fc.constantFrom(null, null, NOW + 30_000, NOW + 3_600_000);
const windows: fc.Arbitrary<WindowState> = fc.record({
  allowed: fc.boolean(),
  denied: rarely(false, true),
  closesAt: times,
  opensAt: fc.constant(null),
  deniesAt: times,
});

const policies: fc.Arbitrary<Policy> = fc.record({
  benign: fc.constantFrom(...CLASS_MODES, 'automatic', 'window'),
  disruptive: fc.constantFrom(...CLASS_MODES, 'automatic', 'window'),
  destructive: fc.oneof(
    {weight: 4, arbitrary: approvalModes()},
    {weight: 1, arbitrary: fc.constant({kind: 'observe'} as const)},
  ),
  drift: fc.record({benign: rarely('correct', 'report'), disruptive: rarely('correct', 'report')}),
  blastRadius: fc.record({actions: fc.nat(2), guestsPercent: fc.constantFrom(0, 20, 100)}),
  windows: fc.constant([]),
  expectedMs: fc.constantFrom({}, POLICY.expectedMs),
});

function approvalModes() {
  return fc.record({
    kind: fc.constant('approval' as const),
    quorum: fc.constantFrom(1, 1, 2, 3),
    notAuthor: fc.boolean(),
    terminal: fc.boolean(),
  });
}

const actionOf = (vmid: number): fc.Arbitrary<Action> =>
  fc
    .record({
      verb: fc.constantFrom('none', 'create', 'update', 'update', 'replace', 'delete', 'release'),
      risk: fc.constantFrom(...RISKS),
      cause: fc.constantFrom('pending', 'drift', 'drift', 'conflict'),
      mode: fc.constantFrom('enforce', 'enforce', 'enforce', 'observe'),
      field: fc.constantFrom('cores', 'power'),
      found: rarely<Reason | null>(null, FOUND[0] ?? null, FOUND[20] ?? null),
      node: fc.constantFrom('pve1', 'pve2', null),
      operation: fc.constantFrom('config', 'shutdown'),
    })
    .map(({field, found, operation, ...rest}) =>
      action({
        ...{key: `guest/${vmid}`, vmid, witness: `uuid-${vmid}`},
        changes: [change(field)],
        steps: [{...step(vmid), operation}],
        findings: found ? [{reason: found, detail: 'found'}] : [],
        ...rest,
      }),
    );

const keys = rarely<readonly string[]>([], ['guest/150'], ['guest/150', 'guest/152']);
const suspensions: fc.Arbitrary<readonly Suspension[]> = fc.array(
  fc.record({
    cluster: fc.constantFrom('harness', 'other'),
    key: fc.constantFrom('*', 'guest/150', 'guest/151'),
    reason: fc.constant('work'),
    owner: fc.constant('bob'),
    since: fc.constant(NOW - 5),
    expiresAt: fc.constantFrom(null, NOW - 1, NOW - 1, NOW + 1),
  }),
  {maxLength: 1},
);

const given = fc.array(
  fc.record({
    of: fc.nat(5),
    principal: fc.constantFrom('alice', 'bob', 'carol', 'alice', 'bob', ''),
    via: fc.constantFrom('terminal', 'signature', 'git'),
    issuedAt: rarely(NOW - 60_000, NOW - 200_000_000, NOW + 120_000),
    expiresAt: rarely(NOW + 3_600_000, NOW, NOW - 1),
  }),
  {maxLength: 14},
);

/** One action per resource and no loads, so that no verdict depends on another. */
export const inputs: fc.Arbitrary<GateInput> = fc
  .tuple(
    fc.tuple(...VMIDS.map(actionOf)),
    given,
    policies,
    fc.record({benign: windows, disruptive: windows, destructive: windows}),
    fc.record({suspensions, applying: keys, foreign: keys, breakglass: keys, spent: fc.nat(20)}),
    fc.record({
      quorate: rarely<boolean | null>(true, null, false),
      clockOff: rarely<string | null>(null, 'it is off'),
      corrections: fc.nat(4),
      since: fc.constantFrom(NOW, NOW - 700_000),
      selfVmid: fc.constantFrom(null, 150, 153),
    }),
  )
  .map(([actions, approvals, policy, open, some, more]) => {
    const input = gateInput(actions);
    const names = [...actions.map((one) => one.fingerprint), input.plan.setFingerprint ?? ''];
    const {selfVmid, corrections, since, quorate, clockOff} = more;
    const perKey = <T>(value: T) =>
      Object.fromEntries(actions.map(({key}) => [driftId(key, 'power'), value]));
    return {
      ...input,
      policy,
      approvals: approvals.map(({of, ...rest}, index) =>
        approvalOf(names[of] ?? '', {id: `a${index}`, ...rest}),
      ),
      windows: open,
      suspensions: some.suspensions,
      applying: new Set(some.applying),
      foreignStops: new Set(some.foreign),
      breakglass: new Set(some.breakglass),
      spent: new Set([`a${some.spent}`]),
      quorate,
      clockOff,
      corrections: perKey(corrections),
      driftSince: perKey(since),
      self: selfVmid === null ? null : {cluster: 'harness', vmid: selfVmid},
      authors: AUTHORS,
    };
  });

/** One call on a guest. */
export function step(vmid: number): CallStep {
  return {
    ...{kind: 'task', operation: 'config', says: 'do it', timeoutMs: 1},
    call: {method: 'PUT', path: `/nodes/pve1/qemu/${vmid}/config`, params: {}},
    guard: {vmid, node: 'pve1', state: 'ours', witness: null, digest: null, power: null},
    ...{fields: [], expect: {}, target: {}},
  };
}
