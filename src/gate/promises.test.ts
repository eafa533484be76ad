// Why this exists: each test is a sentence of the safety promises, as far as the gate keeps it.
import {describe, expect, it} from 'vitest';
import type {CallStep} from '../core/action.ts';
import {setFingerprint} from '../core/canonical.ts';
import type {DestructiveMode, Scope} from '../core/policy.ts';
import {judge} from './judge.ts';
import {
  ANYWHERE,
  action,
  approvalOf,
  change,
  deletion,
  gateInput,
  NOW,
  POLICY,
  planWith,
  reasonsOf,
  verdictOn,
} from './samples.ts';

const one = deletion();
const approved = approvalOf(one.fingerprint);

describe('Never run a destructive step without an allow verdict that names exactly it', () => {
  it('is held without an approval and allowed with one, which the verdict names', () => {
    expect(reasonsOf(verdictOn(one))).toEqual(['approval']);
    expect(verdictOn(one, {approvals: [approved]})).toMatchObject({
      verdict: 'allow',
      fingerprint: one.fingerprint,
      approval: approved,
    });
  });

  it.each([
    ['of another action', approvalOf(deletion(151).fingerprint)],
    ['of the first sixteen digits only', approvalOf(one.fingerprint.slice(0, 16))],
    ['that has expired', {...approved, expiresAt: NOW}],
    ['that comes from the future', {...approved, issuedAt: NOW + 61_000}],
    ['from before the journal was born', {...approved, issuedAt: NOW - 86_400_001}],
    ['by nobody', {...approved, principal: ''}],
  ])('takes no approval %s', (_why, approval) => {
    expect(reasonsOf(verdictOn(one, {approvals: [approval]}))).toEqual(['approval']);
  });

  it('takes no spent approval', () => {
    const spent = new Set([approved.id]);
    expect(reasonsOf(verdictOn(one, {approvals: [approved], spent}))).toEqual(['approval']);
  });

  it('takes none from the terminal where that is switched off', () => {
    const policy = {...POLICY, destructive: strict({terminal: false})};
    expect(reasonsOf(verdictOn(one, {approvals: [approved], policy}))).toEqual(['approval']);
    const signed = [approvalOf(one.fingerprint, {via: 'signature'})];
    expect(verdictOn(one, {approvals: signed, policy}).verdict).toBe('allow');
  });

  it('takes one from the terminal for other classes, whatever destructive says', () => {
    const disruptive = action({risk: 'disruptive'});
    const approvals = [approvalOf(disruptive.fingerprint)];
    for (const destructive of [strict({terminal: false}), {kind: 'observe'} as const]) {
      const policy = {...POLICY, destructive};
      expect(verdictOn(disruptive, {approvals, policy}).verdict).toBe('allow');
    }
  });

  it('needs as many different people as the quorum says', () => {
    const policy = {...POLICY, destructive: strict({quorum: 2})};
    const again = {...approved, id: 'second'};
    const bob = approvalOf(one.fingerprint, {principal: 'bob'});
    const held = verdictOn(one, {approvals: [approved, again], policy});
    expect(held.reasons).toMatchObject([
      {
        reason: 'approval',
        detail: 'destructive actions need approval by 2 people; so far by alice',
      },
    ]);
    const allowed = verdictOn(one, {approvals: [approved, again, bob], policy});
    expect(allowed).toMatchObject({verdict: 'allow', approval: {...approved, beside: [bob]}});
  });

  it('takes none of its author, or while the author is not known, where that is asked', () => {
    const policy = {...POLICY, destructive: strict({notAuthor: true})};
    const signed = {...approved, via: 'signature'} as const;
    const given = {approvals: [signed], policy};
    const others = {authors: {'guest/150': ['bob']}};
    expect(verdictOn(one, {approvals: [approved], policy, ...others}).verdict).toBe('hold');
    expect(verdictOn(one, given).verdict).toBe('hold');
    expect(verdictOn(one, {...given, authors: {'guest/150': ['alice']}}).verdict).toBe('hold');
    expect(verdictOn(one, {...given, ...others}).verdict).toBe('allow');
  });

  it('is never carried out where destructive is observe, approved or not', () => {
    const policy = {...POLICY, destructive: {kind: 'observe'} as const};
    expect(reasonsOf(verdictOn(one, {approvals: [approved], policy}))).toEqual(['observe']);
  });

  it('is held without evidence, although it is approved', () => {
    const evidenceMissing = {[one.fingerprint]: 'the node does not answer'};
    const verdict = verdictOn(one, {approvals: [approved], evidenceMissing});
    expect(reasonsOf(verdict)).toEqual(['evidence']);
    expect(verdict.approval).toBeNull();
  });
});

describe('Never exceed the blast radius', () => {
  const six = [150, 151, 152, 153, 154, 155].map(deletion);
  const each = six.map((action) => approvalOf(action.fingerprint));
  const set = approvalOf(planWith(six).setFingerprint ?? '');

  it('holds every destructive action of a plan with too many, approved or not', () => {
    const benign = action({key: 'guest/200', vmid: 200});
    const verdicts = judge(gateInput([...six, benign], {approvals: each}));
    expect(verdicts.map(reasonsOf)).toEqual([...six.map(() => ['blast-radius']), []]);
  });

  it('lets them go when one approval names the set, each still under its own', () => {
    const approvals = [...each.slice(1), set];
    const verdicts = judge(gateInput(six, {approvals}));
    expect(verdicts.map(reasonsOf)).toEqual([['approval'], [], [], [], [], []]);
    expect(verdicts[1]?.approval).toEqual(each[1]);
  });

  it('counts as many as the larger of the number and the share of managed guests', () => {
    const plan = planWith(six, {managed: 30});
    expect(judge(gateInput([], {plan, approvals: each})).map(reasonsOf)).toEqual(six.map(() => []));
    const small = planWith(six, {managed: 29});
    expect(judge(gateInput([], {plan: small, approvals: each}))[0]?.verdict).toBe('hold');
  });

  it('an approval of a set covers what is left of it, and nothing that came to it', () => {
    const seven = [...six, deletion(156)];
    const members = seven.map((action) => action.fingerprint);
    const name = setFingerprint(members) ?? '';
    const approvals = [...each, approvalOf(name)];
    const left = judge(gateInput(six, {approvals, sets: {[name]: members}}));
    expect(left.map((verdict) => verdict.verdict)).toEqual(six.map(() => 'allow'));
    const other = [...six.slice(1), deletion(160)];
    expect(judge(gateInput(other, {approvals, sets: {[name]: members}})).every(isHeld)).toBe(true);
    const forged = {[name]: [...members, deletion(160).fingerprint]};
    expect(judge(gateInput(other, {approvals, sets: forged})).every(isHeld)).toBe(true);
  });
});

describe('Never stop, cycle, roll back, migrate offline or delete our own guest', () => {
  it('refuses what interrupts it, approved or not, and allows the rest', () => {
    const self = {cluster: 'harness', vmid: 150};
    expect(reasonsOf(verdictOn(one, {self, approvals: [approved]}))).toEqual(['self']);
    expect(verdictOn(action(), {self}).verdict).toBe('allow');
    expect(verdictOn(one, {self: {...self, cluster: 'other'}}).verdict).toBe('hold');
  });
});

describe('A repository of one team touches another team’s guests: scope per source', () => {
  const claims = [
    {space: 'storage', value: 'local-lvm', exclusive: false, path: 'disks.scsi0.storage'},
    {space: 'bridge', value: 'vmbr1', exclusive: false, path: 'networks.net0.bridge'},
    {space: 'pool', value: 'lab', exclusive: false, path: 'pool'},
    {space: 'node', value: 'pve1', exclusive: false, path: 'node'},
    {space: 'device', value: 'hostpci0', exclusive: false, path: 'config.hostpci0'},
    {space: 'address', value: '10.0.70.50', exclusive: true, path: 'cloudInit.ipConfig.net0'},
  ] as const;
  it.each([
    ['VMIDs', {vmids: [{from: 151, to: 299}]}],
    ['nodes', {nodes: ['pve2']}],
    ['storages', {storages: ['local']}],
    ['bridges', {bridges: []}],
    ['pools', {pools: ['prod']}],
    ['kinds', {kinds: ['Container']}],
    ['host devices', {devices: false}],
  ] satisfies readonly (readonly [string, Partial<Scope>])[])('refuses other %s', (_what, part) => {
    const within = action({claims: [...claims]});
    expect(verdictOn(within).verdict).toBe('allow');
    const scopes = {home: {...ANYWHERE, ...part}};
    expect(reasonsOf(verdictOn(within, {scopes}))).toEqual(['out-of-scope']);
  });
});

describe('The classes', () => {
  const disruptive = action({risk: 'disruptive'});
  it('benign goes by itself, disruptive waits for its approval', () => {
    expect(verdictOn(action())).toMatchObject({verdict: 'allow', approval: null});
    expect(reasonsOf(verdictOn(disruptive))).toEqual(['approval']);
    const approvals = [approvalOf(disruptive.fingerprint)];
    expect(verdictOn(disruptive, {approvals}).verdict).toBe('allow');
  });

  it('an approval is not spent on what needs none', () => {
    const benign = action();
    const approvals = [approvalOf(benign.fingerprint)];
    expect(verdictOn(benign, {approvals})).toMatchObject({verdict: 'allow', approval: null});
  });

  it('conflict holds until Git or live changes, or it is approved', () => {
    const conflict = action({cause: 'conflict'});
    const approvals = [approvalOf(conflict.fingerprint)];
    expect(verdictOn(conflict).verdict).toBe('hold');
    expect(verdictOn(conflict, {approvals})).toMatchObject({
      verdict: 'allow',
      approval: approvals[0],
    });
  });

  it('drift is corrected or only reported, as its class says', () => {
    expect(verdictOn(action({cause: 'drift'})).verdict).toBe('allow');
    const reported = action({cause: 'drift', risk: 'disruptive'});
    expect(reasonsOf(verdictOn(reported))).toEqual(['approval', 'observe']);
    const approvals = [approvalOf(reported.fingerprint)];
    expect(verdictOn(reported, {approvals}).verdict).toBe('allow');
  });

  it('drift of power waits ten minutes, and no longer', () => {
    const power = action({cause: 'drift', changes: [change('power')]});
    const since = (ms: number) => ({driftSince: {'guest/150 power': NOW - ms}});
    expect(reasonsOf(verdictOn(power, since(599_000)))).toEqual(['cool-down']);
    expect(verdictOn(power, since(600_000)).verdict).toBe('allow');
  });

  it('a failed action is tried again at once when its fingerprint has changed', () => {
    const backoffs = {'guest/150': {until: NOW + 60_000, fingerprint: 'other', because: 'x'}};
    expect(verdictOn(action(), {backoffs}).verdict).toBe('allow');
  });
});

describe('Writes to one guest never overlap', () => {
  it('allows at most one action per resource, the first that nothing holds', () => {
    const conflict = action({cause: 'conflict'});
    const benign = action({changes: [change('tags')]});
    const later = action({changes: [change('memory')]});
    const elsewhere = action({key: 'guest/151', vmid: 151});
    const verdicts = judge(gateInput([conflict, benign, later, elsewhere]));
    expect(verdicts.map(reasonsOf)).toEqual([['conflict'], [], ['waiting'], []]);
  });

  it('counts the guest that takes a disk over as written to', () => {
    const gift = (vmid: number) => ({...deletion(vmid), steps: [giftTo(190)]});
    const [first, second] = [gift(150), gift(151)];
    const approvals = [first, second].map(({fingerprint}) => approvalOf(fingerprint));
    const taker = action({key: 'guest/190', vmid: 190});
    const order = judge(gateInput([first, second, taker], {approvals}));
    expect(order.map(reasonsOf)).toEqual([[], ['waiting'], ['waiting']]);
    const kept = {applying: new Set(['guest/190']), unknown: {'guest/190': 'is it done?'}};
    const [held] = judge(gateInput([first], {approvals, ...kept}));
    expect(held?.reasons).toMatchObject([
      {reason: 'unknown', detail: 'guest/190: is it done?'},
      {reason: 'applying', detail: 'guest/190: an earlier action on it still runs'},
    ]);
  });

  it('counts what it allows against the limits', () => {
    const clones = [150, 151].map((vmid) =>
      action({key: `guest/${vmid}`, vmid, verb: 'create', loads: ['clone:local-lvm', 'task:pve1']}),
    );
    expect(judge(gateInput(clones)).map(reasonsOf)).toEqual([[], ['limit']]);
  });
});

describe('What calls nothing', () => {
  it('is allowed whatever the policy says, but for a finding or a write in flight', () => {
    const idle = action({verb: 'none', changes: [], cause: null, mode: 'observe'});
    const applying = new Set(['guest/150']);
    expect(verdictOn(idle, {applying}).verdict).toBe('allow');
    const record = {
      kind: 'forget',
      name: '',
      source: '',
      path: '',
      declared: [],
      writes: [],
      wrote: [],
      onDelete: 'destroy',
      replaceToken: null,
      secretHashes: {},
      commit: '',
      body: {},
      dependsOn: [],
      wanted: null,
    } as const;
    expect(reasonsOf(verdictOn({...idle, record}, {applying}))).toEqual(['applying']);
    expect(verdictOn({...idle, record}).verdict).toBe('allow');
  });
});

describe('A clock that is off', () => {
  const clockOff = 'it is 90 s ahead of every node';
  it('holds what depends on time and nothing else', () => {
    expect(verdictOn(action(), {clockOff}).verdict).toBe('allow');
    expect(reasonsOf(verdictOn(one, {clockOff, approvals: [approved]}))).toEqual(['clock']);
  });

  it('ends no suspension', () => {
    const suspensions = [
      {
        cluster: 'harness',
        key: '*',
        reason: 'x',
        owner: 'bob',
        since: NOW - 9,
        expiresAt: NOW - 1,
      } as const,
    ];
    expect(verdictOn(action(), {suspensions}).verdict).toBe('allow');
    expect(reasonsOf(verdictOn(action(), {suspensions, clockOff}))).toEqual(['suspended']);
  });
});

/** The step that gives a disk of guest 150 to another guest. */
function giftTo(vmid: number): CallStep {
  return {
    kind: 'task',
    operation: 'reassign',
    says: `give scsi1 to guest ${vmid}`,
    call: {method: 'POST', path: '/nodes/pve1/qemu/150/move_disk', params: {}},
    guard: {
      ...{vmid: 150, node: 'pve1', state: 'ours', witness: null, digest: null, power: 'stopped'},
      other: {key: `guest/${vmid}`, vmid, node: 'pve1', witness: null},
    },
    fields: [],
    expect: {},
    timeoutMs: 1,
    target: {},
  };
}

function strict(more: Partial<Extract<DestructiveMode, {kind: 'approval'}>>): DestructiveMode {
  return {kind: 'approval', quorum: 1, notAuthor: false, terminal: true, ...more};
}

function isHeld(verdict: {readonly verdict: string}): boolean {
  return verdict.verdict === 'hold';
}
