// Why this exists: what must hold for every verdict, tried on thousands of plans and policies.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Action, HOLDS, REFUSALS, type Reason} from '../core/action.ts';
import {RISKS} from '../core/model.ts';
import {CLASS_MODES, type ClassMode, type Policy} from '../core/policy.ts';
import {driftId, type GateInput, type WindowState} from './input.ts';
import {judge} from './judge.ts';
import {action, approvalOf, change, gateInput, NOW, POLICY} from './samples.ts';

const RUNS = {numRuns: 2000};
const REASONS: readonly Reason[] = [...REFUSALS, ...HOLDS];

const drift = fc.constantFrom('correct', 'report');
const policies: fc.Arbitrary<Policy> = fc.record({
  benign: fc.constantFrom(...CLASS_MODES),
  disruptive: fc.constantFrom(...CLASS_MODES),
  destructive: fc.oneof(
    fc.record({
      kind: fc.constant('approval'),
      quorum: fc.integer({min: 1, max: 3}),
      notAuthor: fc.boolean(),
      terminal: fc.boolean(),
    }),
    fc.constant({kind: 'observe'} as const),
  ),
  drift: fc.record({benign: drift, disruptive: drift}),
  blastRadius: fc.record({actions: fc.nat(4), guestsPercent: fc.constantFrom(0, 20, 100)}),
  windows: fc.constant([]),
  expectedMs: fc.constant(POLICY.expectedMs),
});

/** One way in which a policy becomes stricter, or stays as it is. */
const tightenings: fc.Arbitrary<(policy: Policy) => Policy> = fc.constantFrom(
  (policy: Policy) => policy,
  (policy: Policy) => ({...policy, benign: stricter(policy.benign)}),
  (policy: Policy) => ({...policy, benign: 'observe'}) as const,
  (policy: Policy) => ({...policy, disruptive: stricter(policy.disruptive)}),
  (policy: Policy) => ({...policy, destructive: {kind: 'observe'}}) as const,
  (policy: Policy) => tighterApproval(policy, 'quorum'),
  (policy: Policy) => tighterApproval(policy, 'notAuthor'),
  (policy: Policy) => tighterApproval(policy, 'terminal'),
  (policy: Policy) => ({...policy, drift: {benign: 'report', disruptive: 'report'}}) as const,
  (policy: Policy) => ({...policy, blastRadius: {actions: 0, guestsPercent: 0}}),
);

const windows: fc.Arbitrary<WindowState> = fc.record({
  allowed: fc.boolean(),
  denied: fc.boolean(),
  closesAt: fc.constantFrom(null, NOW + 1000),
  opensAt: fc.constant(null),
  deniesAt: fc.constant(null),
});

const actionOf = (vmid: number): fc.Arbitrary<Action> =>
  fc
    .record({
      verb: fc.constantFrom('none', 'create', 'update', 'replace', 'delete', 'release', 'adopt'),
      risk: fc.constantFrom(...RISKS),
      cause: fc.constantFrom('pending', 'drift', 'conflict'),
      mode: fc.constantFrom('enforce', 'enforce', 'enforce', 'observe'),
      field: fc.constantFrom('cores', 'power'),
      found: fc.constantFrom(...REASONS, null, null, null, null, null, null, null, null),
    })
    .map(({field, found, ...rest}) =>
      action({
        key: `guest/${vmid}`,
        vmid,
        changes: [change(field)],
        findings: found ? [{reason: found, detail: 'found'}] : [],
        ...rest,
      }),
    );

/** One action per resource and no loads, so that no verdict depends on another. */
const inputs: fc.Arbitrary<GateInput> = fc
  .tuple(
    fc.tuple(...[150, 151, 152, 153, 154].map(actionOf)),
    fc.array(
      fc.record({
        of: fc.nat(5),
        principal: fc.constantFrom('alice', 'bob', 'carol', ''),
        via: fc.constantFrom('terminal', 'signature', 'git'),
        age: fc.constantFrom(60_000, 7_200_000, -120_000),
        spent: fc.boolean(),
      }),
      {maxLength: 12},
    ),
    policies,
    fc.record({benign: windows, disruptive: windows, destructive: windows}),
    fc.constantFrom(NOW, NOW - 700_000),
  )
  .map(([actions, given, policy, open, since]) => {
    const input = gateInput(actions);
    const names = [...actions.map((one) => one.fingerprint), input.plan.setFingerprint ?? ''];
    const approvals = given.map(({of, principal, via, age}, index) =>
      approvalOf(names[of] ?? '', {id: `a${index}`, principal, via, issuedAt: NOW - age}),
    );
    const spent = given.flatMap((one, index) => (one.spent ? [`a${index}`] : []));
    const driftSince = Object.fromEntries(actions.map((one) => [driftId(one.key, 'power'), since]));
    const authors = {'guest/150': ['alice'], 'guest/151': ['bob'], 'guest/152': []};
    return {
      ...input,
      policy,
      approvals,
      spent: new Set(spent),
      windows: open,
      driftSince,
      authors,
    };
  });

describe('every verdict', () => {
  it('a stricter policy never allows more', () => {
    fc.assert(
      fc.property(inputs, tightenings, (input, tighten) => {
        const before = allowed(input);
        const after = allowed({...input, policy: tighten(input.policy)});
        expect(before).toEqual(expect.arrayContaining([...after]));
      }),
      RUNS,
    );
  });

  it('fewer approvals, a stop or a finding never allow more', () => {
    fc.assert(
      fc.property(inputs, fc.constantFrom(...REASONS), (input, reason) => {
        const before = allowed(input);
        const fewer = allowed({...input, approvals: input.approvals.slice(1)});
        expect(before).toEqual(expect.arrayContaining([...fewer]));
        const actions = input.plan.actions.map((one) => ({
          ...one,
          findings: [...one.findings, {reason, detail: 'found too'}],
        }));
        expect(allowed({...input, plan: {...input.plan, actions}})).toEqual([]);
      }),
      RUNS,
    );
  });

  it('nothing destructive is allowed without an unspent approval of that fingerprint', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        for (const [index, verdict] of judge(input).entries()) {
          const judged = input.plan.actions[index];
          if (verdict.verdict !== 'allow' || judged?.verb === 'none') continue;
          if (judged?.risk !== 'destructive') continue;
          expect(verdict.approval?.fingerprint).toBe(judged.fingerprint);
          expect(input.spent.has(verdict.approval?.id ?? '')).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it('spent approvals never allow: without them the verdicts are the same', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const unspent = input.approvals.filter((one) => !input.spent.has(one.id));
        const decided = (verdicts: ReturnType<typeof judge>) =>
          verdicts.map(({reasons, ...one}) => [one, reasons.map(({reason}) => reason)]);
        expect(decided(judge({...input, approvals: unspent}))).toEqual(decided(judge(input)));
      }),
      RUNS,
    );
  });

  it('an allow has no reason, a hold or refusal has one, and its remedy', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        for (const {verdict, reasons} of judge(input)) {
          expect(reasons.length > 0).toBe(verdict !== 'allow');
          expect(reasons.every((one) => one.detail !== '' && one.remedy !== '')).toBe(true);
        }
      }),
      RUNS,
    );
  });
});

function allowed(input: GateInput): readonly string[] {
  const verdicts = judge(input).filter((verdict) => verdict.verdict === 'allow');
  return verdicts.map((verdict) => verdict.key);
}

function stricter(mode: ClassMode): ClassMode {
  return mode === 'automatic' ? 'approval' : mode === 'approval' ? 'observe' : mode;
}

function tighterApproval(policy: Policy, what: 'quorum' | 'notAuthor' | 'terminal'): Policy {
  const {destructive} = policy;
  if (destructive.kind !== 'approval') return policy;
  const tighter = {
    quorum: {...destructive, quorum: destructive.quorum + 1},
    notAuthor: {...destructive, notAuthor: true},
    terminal: {...destructive, terminal: false},
  };
  return {...policy, destructive: tighter[what]};
}
