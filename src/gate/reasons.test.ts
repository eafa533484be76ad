// Why this exists: each reason of the closed set can be met, alone, with a remedy to print.
import {describe, expect, it} from 'vitest';
import {type Action, HOLDS, REFUSALS, type Reason, type Step} from '../core/action.ts';
import {driftId, type GateInput} from './input.ts';
import {REASONS} from './registry.ts';
import {
  action,
  change,
  deletion,
  gateInput,
  NO_WINDOW,
  NOW,
  POLICY,
  reasonsOf,
  verdictOn,
} from './samples.ts';

interface Case {
  readonly why: string;
  readonly reason: Reason;
  readonly on: Action;
  readonly given?: Partial<GateInput>;
}

const drift = (field: string) => action({cause: 'drift', changes: [change(field)]});
const stop: Step = {
  kind: 'task',
  operation: 'shutdown',
  says: 'shut it down',
  call: {method: 'POST', path: '/nodes/pve1/qemu/150/status/shutdown', params: {}},
  guard: {
    vmid: 150,
    node: 'pve1',
    state: 'ours',
    witness: 'uuid-150',
    digest: null,
    power: 'running',
  },
  fields: ['power'],
  expect: {},
  timeoutMs: 60_000,
  target: {},
};
const suspension = {
  cluster: 'harness',
  reason: 'moving house',
  owner: 'bob',
  since: NOW - 1000,
} as const;

/** What only the plan can see comes as a finding. */
const FOUND = [
  'not-ours',
  'identity-changed',
  'vmid-taken',
  'protected',
  'root-only',
  'privilege',
  'ha-managed',
  'shrink',
  'in-use',
  'incomplete',
  'no-record',
  'marker-missing',
  'adoption-differs',
  'suspended',
  'locked',
  'conflict',
  'waiting',
] as const satisfies readonly Reason[];

const CASES: readonly Case[] = [
  ...FOUND.map(
    (reason): Case => ({
      why: 'the plan found it',
      reason,
      on: action({findings: [{reason, detail: 'as the plan saw it'}]}),
    }),
  ),
  {
    why: 'the configured guest',
    reason: 'self',
    on: action({steps: [stop]}),
    given: {self: {cluster: 'harness', vmid: 150}},
  },
  {
    why: 'the machine with our product UUID, in any case',
    reason: 'self',
    on: action({steps: [stop]}),
    given: {selfUuid: 'UUID-150'},
  },
  {why: 'a source without scope', reason: 'out-of-scope', on: action({source: 'away'})},
  {why: 'a VMID outside', reason: 'out-of-scope', on: action({key: 'guest/99', vmid: 99})},
  {why: 'no quorum', reason: 'incomplete', on: action(), given: {quorate: false}},
  {
    why: 'a call of unknown outcome',
    reason: 'unknown',
    on: action(),
    given: {unknown: {'guest/150': 'resize of scsi0'}},
  },
  {
    why: 'a clock that is off, where a window decides',
    reason: 'clock',
    on: action(),
    given: {
      clockOff: 'it went back',
      policy: {...POLICY, benign: 'window'},
      windows: {...gateInput([]).windows, benign: {...NO_WINDOW, allowed: true}},
    },
  },
  {
    why: 'a clock that is off, where a deny window may come',
    reason: 'clock',
    on: action(),
    given: {
      clockOff: 'it went back',
      policy: {
        ...POLICY,
        windows: [
          {
            kind: 'deny',
            classes: ['benign'],
            schedule: '0 9 * * 1-5',
            timeZone: 'Europe/Paris',
            durationMs: 28_800_000,
          },
        ],
      },
    },
  },
  {
    why: 'one resource',
    reason: 'suspended',
    on: action(),
    given: {suspensions: [{...suspension, key: 'guest/150', expiresAt: NOW + 1}]},
  },
  {
    why: 'the whole cluster',
    reason: 'suspended',
    on: action(),
    given: {suspensions: [{...suspension, key: '*', expiresAt: null}]},
  },
  {
    why: 'somebody else with our token',
    reason: 'breakglass',
    on: action(),
    given: {stranger: 'somebody else used our token'},
  },
  {
    why: 'the breakglass door',
    reason: 'breakglass',
    on: action(),
    given: {breakglass: new Set(['guest/150'])},
  },
  {
    why: 'somebody stopped it',
    reason: 'breakglass',
    on: drift('power'),
    given: {
      foreignStops: new Set(['guest/150']),
      driftSince: {[driftId('guest/150', 'power')]: NOW - 700_000},
    },
  },
  {
    why: 'an action in flight',
    reason: 'applying',
    on: action(),
    given: {applying: new Set(['guest/150'])},
  },
  {why: 'both moved', reason: 'conflict', on: action({cause: 'conflict'})},
  {
    why: 'corrected three times in an hour',
    reason: 'contested',
    on: drift('tags'),
    given: {corrections: {[driftId('guest/150', 'tags')]: 3}},
  },
  {why: 'a disruptive class', reason: 'approval', on: action({risk: 'disruptive'})},
  {
    why: 'no window open',
    reason: 'window',
    on: action(),
    given: {policy: {...POLICY, benign: 'window'}},
  },
  {
    why: 'a deny window over an automatic class',
    reason: 'window',
    on: action(),
    given: {windows: {...gateInput([]).windows, benign: {...NO_WINDOW, denied: true}}},
  },
  {
    why: 'it would run into a deny window, whatever its mode',
    reason: 'window',
    on: action({steps: [{...stop, operation: 'clone'}]}),
    given: {
      windows: {...gateInput([]).windows, benign: {...NO_WINDOW, deniesAt: NOW + 1_700_000}},
    },
  },
  {
    why: 'it would not fit into the window',
    reason: 'window',
    on: action({steps: [{...stop, operation: 'clone'}]}),
    given: {
      policy: {...POLICY, benign: 'window'},
      windows: {
        ...gateInput([]).windows,
        benign: {...NO_WINDOW, allowed: true, closesAt: NOW + 1_799_000},
      },
    },
  },
  {
    why: 'as many tasks as may run on a node',
    reason: 'limit',
    on: action({loads: ['task:pve1']}),
    given: {running: {'task:pve1': 2}},
  },
  {
    why: 'as many clones as may run on a storage',
    reason: 'limit',
    on: action({loads: ['clone:local-lvm']}),
    given: {running: {'clone:local-lvm': 1}},
  },
  {
    why: 'it just failed',
    reason: 'cool-down',
    on: action(),
    given: {
      backoffs: {
        'guest/150': {until: NOW + 1, fingerprint: action().fingerprint, because: 'no space'},
      },
    },
  },
  {why: 'power drifted just now', reason: 'cool-down', on: drift('power')},
  {
    why: 'power drifted nine minutes ago',
    reason: 'cool-down',
    on: drift('power'),
    given: {driftSince: {[driftId('guest/150', 'power')]: NOW - 540_000}},
  },
  {why: 'the manifest asks for it', reason: 'observe', on: action({mode: 'observe'})},
  {
    why: 'the class is only observed',
    reason: 'observe',
    on: action(),
    given: {policy: {...POLICY, benign: 'observe'}},
  },
  {
    why: 'drift is only reported',
    reason: 'observe',
    on: drift('tags'),
    given: {policy: {...POLICY, drift: {benign: 'report', disruptive: 'report'}}},
  },
];

/** Reasons that cannot be met alone, because what they guard needs an approval as well. */
const MET_ELSEWHERE: readonly Reason[] = ['blast-radius', 'evidence'];

describe('the closed set of reasons', () => {
  it.each(CASES)('$reason holds alone: $why', ({reason, on, given}) => {
    const verdict = verdictOn(on, given);
    const refusals: readonly Reason[] = REFUSALS;
    expect(reasonsOf(verdict)).toEqual([reason]);
    expect(verdict.verdict).toBe(refusals.includes(reason) ? 'refuse' : 'hold');
    expect(verdict.reasons[0]?.detail).not.toBe('');
  });

  it('a lost quorum is not a read to bring back', () => {
    const one = action();
    const lost = REASONS.incomplete.remedy(one, {...gateInput([one]), quorate: false});
    expect(lost).toContain('pvecm status');
    expect(REASONS.incomplete.remedy(one, gateInput([one]))).toContain('could not be read');
  });

  it.each([...REFUSALS, ...HOLDS])('%s has a case, a rule of its name and a remedy', (reason) => {
    const met = CASES.some((one) => one.reason === reason) || MET_ELSEWHERE.includes(reason);
    expect(met).toBe(true);
    expect(REASONS[reason].reason).toBe(reason);
    for (const one of [action(), deletion(), action({vmid: null, node: null})]) {
      expect(REASONS[reason].remedy(one, gateInput([one]))).toMatch(/^[A-Zp].{20,}[.`"\w]$/s);
    }
  });

  it.each([
    {by: 'a pause of the guest', pause: {...suspension, key: 'guest/150'}, types: 'guest/150'},
    {by: 'a pause of all', pause: {...suspension, key: '*'}, types: "'*' --cluster harness"},
  ] as const)('the way out of $by is the command that ends it', ({pause, types}) => {
    const verdict = verdictOn(action(), {suspensions: [{...pause, expiresAt: null}]});
    expect(verdict.reasons[0]?.remedy).toBe(`pvegit resume ${types}`);
  });

  it('the way out of the tag pvegit-hold is no command of ours', () => {
    const held = action({findings: [{reason: 'suspended', detail: 'it carries pvegit-hold'}]});
    expect(verdictOn(held).reasons[0]?.remedy).toMatch(/^Take the tag pvegit-hold off/);
  });

  it('what an approval would not move on does not say that it would', () => {
    const watched = verdictOn(action({mode: 'observe'})).reasons[0]?.remedy;
    expect(watched).toMatch(/^Take pvegit\/mode: observe out of the manifest of /);
    const policy: GateInput['policy'] = {...POLICY, benign: 'observe'};
    const never = verdictOn(action(), {policy}).reasons[0]?.remedy;
    expect(never).toBe("Change policy.benign in the controller's configuration.");
  });

  it('is registered in the order in which the first is shown', () => {
    expect(Object.keys(REASONS)).toEqual([...REFUSALS, ...HOLDS]);
  });

  it('lists beside a VMID that is taken that it is out of scope too', () => {
    const taken = action({
      verb: 'none',
      vmid: 1_000_001,
      record: null,
      findings: [{reason: 'vmid-taken', detail: 'VMID 99999 is a container'}],
    });
    expect(reasonsOf(verdictOn(taken))).toEqual(['vmid-taken', 'out-of-scope']);
    expect(reasonsOf(verdictOn({...taken, vmid: 150}))).toEqual(['vmid-taken']);
  });

  it('shows the first in its order and lists the rest', () => {
    const verdict = verdictOn(
      action({
        risk: 'disruptive',
        mode: 'observe',
        findings: [
          {reason: 'waiting', detail: 'for guest/1'},
          {reason: 'locked', detail: 'backup'},
          {reason: 'shrink', detail: 'scsi0'},
        ],
      }),
    );
    expect(verdict.verdict).toBe('refuse');
    expect(reasonsOf(verdict)).toEqual(['shrink', 'locked', 'approval', 'waiting', 'observe']);
  });
});
