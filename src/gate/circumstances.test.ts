// Why this exists: a verdict depends on more than plan and policy. Whatever the circumstances are,
// each of them made worse or less certain lets nothing more pass, one at a time and several.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {inputs} from '../../test/builders/gate-input.ts';
import type {Action, Approval} from '../core/action.ts';
import type {Risk} from '../core/model.ts';
import {driftId, type GateInput, type WindowState} from './input.ts';
import {judge} from './judge.ts';
import {ANYWHERE, action, approvalOf, change, gateInput, NOW, planWith} from './samples.ts';

const RUNS = {numRuns: 600};
type Worse = (input: GateInput) => GateInput;

/** What is known to be bad, or not known any more, by name. */
const WORSE: {readonly [what: string]: Worse} = {
  'no quorum': (input) => ({...input, quorate: false}),
  'a clock that is off': (input) => ({...input, clockOff: 'it is 90 s ahead'}),
  'a cluster that is suspended': (input) => suspendedUntil(input, null),
  'a suspension that lasts a second more': (input) => suspendedUntil(input, input.now + 1),
  'suspensions that last for ever': (input) => ({
    ...input,
    suspensions: input.suspensions.map((one) => ({...one, expiresAt: null})),
  }),
  'an action in flight': (input) => ({
    ...input,
    applying: new Set([...input.applying, 'guest/151', 'guest/152']),
  }),
  'a breakglass door in use': (input) => ({
    ...input,
    breakglass: new Set([...input.breakglass, 'guest/151']),
  }),
  'a call of unknown outcome': (input) => ({...input, unknown: {'guest/153': 'intent 7'}}),
  'fields that were corrected again': (input) => ({...input, corrections: perField(input, 3)}),
  'drift since nobody knows when': (input) => ({...input, driftSince: {}}),
  'drift since now': (input) => ({...input, driftSince: perField(input, input.now)}),
  'stops by others': (input) => ({...input, foreignStops: new Set(allKeys(input))}),
  'failures a moment ago': (input) => ({...input, backoffs: perKey(input, backoff)}),
  'evidence that is missing': (input) => ({...input, evidenceMissing: perAction(input, 'lost')}),
  'a source without a scope': (input) => ({...input, scopes: {}}),
  'a scope of nothing': (input) => ({...input, scopes: {home: {...ANYWHERE, vmids: []}}}),
  'a scope of one node': (input) => ({...input, scopes: {home: {...ANYWHERE, nodes: ['pve1']}}}),
  'authors that are not known': (input) => ({...input, authors: {}}),
  'authors that are all who approve': (input) => ({
    ...input,
    authors: perKey(input, () => ['alice', 'bob', 'carol']),
  }),
  'a guest that is our own': (input) => ({...input, selfUuid: 'UUID-152'}),
  'a journal that was born now': (input) => ({...input, journalBirth: input.now + 1}),
  'approvals that are spent': (input) => ({
    ...input,
    spent: new Set(input.approvals.map(({id}) => id)),
  }),
  'approvals that ran out': (input) => withApprovals(input, {expiresAt: input.now}),
  'approvals by nobody': (input) => withApprovals(input, {principal: ''}),
  'approvals at the terminal': (input) => withApprovals(input, {via: 'terminal'}, isSigned),
  'approvals all by one': (input) => ({
    ...input,
    approvals: input.approvals.filter(({principal}) => principal === 'alice'),
  }),
  'windows that are closed': (input) => windowed(input, {allowed: false}),
  'windows that forbid': (input) => windowed(input, {denied: true}),
  'windows that close now': (input) => windowed(input, {closesAt: input.now - 1}),
  'windows that forbid soon': (input) => windowed(input, {deniesAt: input.now - 1}),
  'tasks that take longer': (input) => ({
    ...input,
    policy: {...input.policy, expectedMs: {cycle: 9e9, config: 9e9, destroy: 9e9}},
  }),
  'manifests that only observe': (input) =>
    withActions(input, (one) => ({...one, mode: 'observe'})),
  'fewer managed guests': (input) => ({...input, plan: {...input.plan, managed: 0}}),
};

/** Signed by a person who is not told apart from the author by a terminal. */
function isSigned({policy}: GateInput): boolean {
  return policy.destructive.kind === 'approval' && policy.destructive.notAuthor;
}

describe('circumstances', () => {
  it.each(Object.keys(WORSE))('let nothing more pass for %s', (what) => {
    const worse = WORSE[what] ?? ((input: GateInput) => input);
    let bites = 0;
    fc.assert(
      fc.property(inputs, (input) => {
        const before = allowed(input);
        const after = allowed(worse(input));
        expect(before).toEqual(expect.arrayContaining([...after]));
        if (after.length < before.length) bites += 1;
      }),
      {numRuns: 300},
    );
    expect(bites, 'it never mattered').toBeGreaterThan(0);
  });

  it('let nothing more pass for several of them at once', () => {
    const names = fc.subarray(Object.keys(WORSE), {minLength: 2, maxLength: 4});
    fc.assert(
      fc.property(inputs, names, (input, several) => {
        const worst = several.reduce((one, what) => (WORSE[what] ?? ((x) => x))(one), input);
        expect(allowed(input)).toEqual(expect.arrayContaining([...allowed(worst)]));
      }),
      RUNS,
    );
  });
});

describe('an approval', () => {
  it('lets pass exactly the action of its fingerprint, and of a set nothing by itself', () => {
    fc.assert(
      fc.property(inputs, fc.nat(4), fc.constantFrom('alice', 'bob'), (input, index, principal) => {
        const named = input.plan.actions[index]?.fingerprint ?? '';
        const one = approvalOf(named, {id: 'new', principal, via: 'signature'});
        const more = allowed({...input, approvals: [...input.approvals, one]});
        const before = allowed(input);
        const gained = more.filter((key) => !before.includes(key));
        expect(gained.every((key) => key === input.plan.actions[index]?.key)).toBe(true);
        expect(more).toEqual(expect.arrayContaining([...before]));
      }),
      RUNS,
    );
  });

  it.each<[string, (fingerprint: string) => string]>([
    ['cut', (fingerprint) => fingerprint.slice(0, 63)],
    ['longer', (fingerprint) => `${fingerprint}0`],
    ['in capitals', (fingerprint) => fingerprint.toUpperCase()],
    ['with white space', (fingerprint) => ` ${fingerprint}`],
    ['another in its last digit', (fingerprint) => `${fingerprint.slice(0, 63)}x`],
    ['a name that every object has', () => 'constructor'],
    ['a name that leads to the prototype', () => '__proto__'],
    ['empty', () => ''],
  ])('with a fingerprint that is %s lets nothing pass', (_what, spoil) => {
    fc.assert(
      fc.property(inputs, (input) => {
        const {plan} = input;
        const names = [...plan.actions.map((one) => one.fingerprint), plan.setFingerprint ?? ''];
        const approvals = names.flatMap((name, index) =>
          ['alice', 'bob', 'carol'].map((principal) =>
            approvalOf(spoil(name), {id: `${index}-${principal}`, principal, via: 'signature'}),
          ),
        );
        expect(allowed({...input, approvals})).toEqual(allowed({...input, approvals: []}));
      }),
      {numRuns: 200},
    );
  });

  it('that a destructive verdict rests on is whole, valid, unspent and by enough people', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        for (const [index, verdict] of judge(input).entries()) {
          const judged = input.plan.actions[index];
          if (verdict.verdict !== 'allow' || judged === undefined || judged.verb === 'none')
            continue;
          if (judged.risk !== 'destructive') continue;
          expect(mistakes(judged, verdict.approval, input)).toEqual([]);
        }
      }),
      RUNS,
    );
  });
});

describe('the order of actions', () => {
  it('changes no verdict where each is about another resource', () => {
    fc.assert(
      fc.property(inputs, fc.nat(119), (input, seed) => {
        const actions = shuffled(input.plan.actions, seed);
        const plan = {...input.plan, actions};
        const sorted = (one: GateInput) => judge(one).toSorted((a, b) => (a.key < b.key ? -1 : 1));
        expect(sorted({...input, plan})).toEqual(sorted(input));
      }),
      {numRuns: 500},
    );
  });

  it('decides only which goes first where several write to one, or share a limit', () => {
    const crowded = fc.record({
      vmids: fc.array(fc.integer({min: 150, max: 152}), {minLength: 2, maxLength: 8}),
      loads: fc.subarray(['task:pve1', 'clone:local-lvm', 'other:x']),
      running: fc.nat(2),
    });
    fc.assert(
      fc.property(crowded, ({vmids, loads, running}) => {
        const actions = vmids.map((vmid, index) =>
          action({key: `guest/${vmid}`, vmid, changes: [change(`field${index}`)], loads}),
        );
        const input = gateInput(actions, {running: {'task:pve1': running}});
        const keysOf = allowed(input);
        expect(new Set(keysOf).size).toBe(keysOf.length);
        const most = loads.includes('clone:local-lvm') ? 1 : 2 - running;
        const isLimited = loads.some((load) => load !== 'other:x');
        const free = loads.includes('task:pve1') ? Math.min(most, 2 - running) : most;
        const room = isLimited ? (loads.includes('task:pve1') ? free : 1) : Infinity;
        expect(keysOf.length).toBe(Math.min(room, new Set(vmids).size));
        expect(judge(input).map(({fingerprint}) => fingerprint)).toEqual(
          actions.map(({fingerprint}) => fingerprint),
        );
      }),
      {numRuns: 500},
    );
  });
});

describe('a start that is owed', () => {
  it('needs no yes, but nothing destructive passes for being called so', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const owed = withActions(input, (one) => ({...one, owed: true}));
        const none = {...owed, approvals: []};
        const passed = new Set(allowed(none));
        for (const {key, risk, verb} of none.plan.actions) {
          if (verb !== 'none' && risk === 'destructive') expect(passed.has(key)).toBe(false);
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

/** What is wrong with the approval of a destructive action that was allowed. */
function mistakes(judged: Action, approval: Approval | null, input: GateInput): readonly string[] {
  const {destructive} = input.policy;
  if (destructive.kind !== 'approval') return ['policy.destructive is observe'];
  const all = approval === null ? [] : [approval, ...(approval.beside ?? [])];
  const people = new Set(all.map(({principal}) => principal));
  const wrong = all.flatMap(({fingerprint, id, principal, via, issuedAt, expiresAt}) => [
    ...(fingerprint === judged.fingerprint ? [] : ['another fingerprint']),
    ...(input.spent.has(id) ? ['spent'] : []),
    ...(principal === '' ? ['nobody'] : []),
    ...(via === 'terminal' && !destructive.terminal ? ['terminal'] : []),
    ...(expiresAt <= input.now ? ['expired'] : []),
    ...(issuedAt < input.journalBirth || issuedAt > input.now + 60_000 ? ['not of now'] : []),
    ...(destructive.notAuthor && isAuthor(judged, principal, input) ? ['author'] : []),
  ]);
  return people.size === destructive.quorum ? wrong : [...wrong, `${people.size} people`];
}

function isAuthor({key}: Action, principal: string, {authors}: GateInput): boolean {
  return authors[key]?.includes(principal) ?? true;
}

function backoff(one: Action): GateInput['backoffs'][string] {
  return {until: NOW + 1, fingerprint: one.fingerprint, because: 'it failed'};
}

function allKeys({plan}: GateInput): readonly string[] {
  return plan.actions.map(({key}) => key);
}

function perKey<T>({plan}: GateInput, make: (one: Action) => T): {readonly [key: string]: T} {
  return Object.fromEntries(plan.actions.map((one) => [one.key, make(one)]));
}

function perAction<T>({plan}: GateInput, value: T): {readonly [fingerprint: string]: T} {
  return Object.fromEntries(plan.actions.map(({fingerprint}) => [fingerprint, value]));
}

function perField({plan}: GateInput, value: number): {readonly [id: string]: number} {
  return Object.fromEntries(
    plan.actions.flatMap(({key, changes}) =>
      changes.map(({field}) => [driftId(key, field), value]),
    ),
  );
}

function suspendedUntil(input: GateInput, expiresAt: number | null): GateInput {
  const one = {cluster: 'harness', key: '*', reason: 'x', owner: 'bob', since: NOW, expiresAt};
  return {...input, suspensions: [...input.suspensions, one]};
}

/** All approvals changed, where `when` says so. */
function withApprovals(
  input: GateInput,
  more: Partial<Approval>,
  when: (input: GateInput) => boolean = () => true,
): GateInput {
  if (!when(input)) return input;
  return {...input, approvals: input.approvals.map((one) => ({...one, ...more}))};
}

function withActions(input: GateInput, edit: (one: Action) => Action): GateInput {
  const {plan} = input;
  return {...input, plan: planWith(plan.actions.map(edit), {managed: plan.managed})};
}

function windowed(input: GateInput, more: Partial<WindowState>): GateInput {
  const edit = (risk: Risk) => ({...input.windows[risk], ...more});
  const all = {
    benign: edit('benign'),
    disruptive: edit('disruptive'),
    destructive: edit('destructive'),
  };
  return {...input, windows: all};
}

/** One of the orders of up to five, by its number. */
function shuffled(actions: readonly Action[], seed: number): readonly Action[] {
  const [left, done]: [Action[], Action[]] = [[...actions], []];
  for (let rest = seed; left.length > 0; rest = Math.floor(rest / (left.length + 1))) {
    done.push(...left.splice(rest % left.length, 1));
  }
  return done;
}
