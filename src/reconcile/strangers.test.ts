// Why this exists: what is begun with our token and is not ours is told from what is, by the
// cluster's log and the journal; what cannot be told apart holds nobody.
import {expect, it} from 'vitest';
import {step} from '../../test/builders/gate-input.ts';
import type {Intent} from '../core/action.ts';
import type {Json} from '../core/json.ts';
import {err, ok} from '../core/result.ts';
import {action, gateInput, verdictOn} from '../gate/samples.ts';
import type {ClusterParts} from './parts.ts';
import {newStrangers, strangerOf} from './strangers.ts';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const USER = 'pvegit@pve!controller';
const UPID = `UPID:pve1:000003E8:000003E8:6553F100:qmstop:150:${USER}:`;

interface Case {
  readonly title: string;
  readonly line?: {readonly [key: string]: Json};
  readonly intents?: readonly Partial<Intent>[];
  readonly tasks?: readonly string[];
  /** How long this process has run. */
  readonly aliveMs?: number;
  /** How far the wall clock was set since its start. */
  readonly setMs?: number;
  readonly offsetMs?: number;
  readonly unreadable?: true;
  readonly isIdle?: true;
  readonly says: RegExp | null;
}

const CASES: readonly Case[] = [
  {title: 'a task that the journal does not know', says: /: qmstop of 150 \(UPID:pve1:/},
  {title: 'a write of a configuration', line: {msg: 'update VM 150: -cores 3'}, says: /of VM 150$/},
  {title: 'one of a container', line: {msg: 'update CT 150: -cores 3'}, says: /of CT 150$/},
  {title: 'a task of ours', tasks: [UPID], says: null},
  {title: 'a task of ours that has no end', intents: [{upid: UPID}], says: null},
  {title: 'another user’s', line: {user: 'alice@pve!hand'}, says: null},
  {title: 'our user without the token', line: {user: 'pvegit@pve'}, says: null},
  {title: 'a screen that is looked at', line: start('vncproxy'), says: null},
  {title: 'a task of no guest', line: start('aptupdate', ''), says: null},
  {title: 'the end of a task', line: {msg: `end task ${UPID} OK`}, says: null},
  {title: 'a line that is no text', line: {msg: 7}, says: null},
  {title: 'a line that cannot be dated', line: {time: 'now'}, says: null},
  {title: 'what we revert', line: {msg: 'update VM 150: -digest x -revert memory'}, says: null},
  {title: 'a call whose answer was lost', intents: [{upid: null}], says: null},
  {
    title: 'a call of ours with a task of its own, beside it',
    intents: [{upid: `${UPID}x`, state: 'done'}],
    says: /qmstop of 150/,
  },
  {
    title: 'a write of ours',
    line: {msg: 'update VM 150: -cores 3'},
    intents: [{state: 'done'}],
    says: null,
  },
  {
    title: 'a write of ours long ago',
    line: {msg: 'update VM 150: -cores 3'},
    intents: [{state: 'done', openedAt: NOW - 40 * MINUTE}],
    says: /of VM 150$/,
  },
  {
    title: 'a write long after a call of unknown outcome',
    line: {msg: 'update VM 150: -cores 3'},
    intents: [{state: 'unknown', openedAt: NOW - 600 * MINUTE}],
    says: null,
  },
  {title: 'a write before our call', intents: [{openedAt: NOW}], says: /qmstop of 150/},
  {
    title: 'a copy of the template under the template’s number',
    line: start('qmclone', '100'),
    intents: [{step: {...step(150), call: clone(100)}, upid: null}],
    says: null,
  },
  {title: 'what was begun before this process', aliveMs: 11 * MINUTE, says: null},
  {title: 'what is an hour old', line: {time: NOW / 1000 - 3_601}, says: null},
  {title: 'a node whose clock is ahead', offsetMs: 120 * MINUTE, says: null},
  {title: 'a wall clock that was set forward', setMs: 2 * MINUTE, says: null},
  {title: 'a wall clock that was set back', setMs: -2 * MINUTE, says: null},
  {title: 'a log that cannot be read', unreadable: true, says: null},
  {title: 'a pass that writes nothing', isIdle: true, says: null},
];

it.each(CASES)('$title: it is told whose it is', async (one) => {
  const {parts, reads} = partsOf(one);
  const aliveMs = one.aliveMs ?? 300 * MINUTE;
  const memory = newStrangers();
  memory.began = {wall: NOW - aliveMs - (one.setMs ?? 0), monotonic: 1_000_000_000 - aliveMs};
  const doing = action(one.isIdle === true ? {verb: 'none'} : {});
  const {plan} = gateInput([doing]);
  const offsets = {clockOffsetMs: {pve1: one.offsetMs ?? 0}};
  const found = {plan, verdicts: [verdictOn(doing)], inventory: offsets};
  const says = await strangerOf(parts, memory, found);
  if (one.says === null) expect(says).toBeNull();
  else expect(says).toMatch(one.says);
  expect(reads.length).toBeLessThanOrEqual(1);
  if (one.isIdle === true) expect(reads).toEqual([]);
});

it('what was seen holds for an hour, also when the log has forgotten it', async () => {
  const memory = newStrangers();
  memory.began = {wall: NOW - 300 * MINUTE, monotonic: 1_000_000_000 - 300 * MINUTE};
  const {plan} = gateInput([action()]);
  const found = {plan, verdicts: [verdictOn(action())], inventory: {clockOffsetMs: {}}};
  const seen = await strangerOf(partsOf({title: '', says: null}).parts, memory, found);
  expect(seen).toMatch(/used our token/);
  const later = (minutes: number) => partsOf({title: '', line: {msg: ''}, says: null}, minutes);
  expect(await strangerOf(later(49).parts, memory, found)).toBe(seen);
  expect(await strangerOf(later(51).parts, memory, found)).toBeNull();
});

function start(type: string, id = '150'): {readonly msg: string} {
  return {msg: `starting task UPID:pve1:000003E8:000003E8:6553F100:${type}:${id}:${USER}:`};
}

function clone(vmid: number): Intent['step']['call'] {
  return {method: 'POST', path: `/nodes/pve1/qemu/${vmid}/clone`, params: {}};
}

/** Only what is asked for; the line is ten minutes old unless the case says otherwise. */
function partsOf(
  {line, intents = [], tasks = [], unreadable}: Case,
  minutes = 0,
): {readonly parts: ClusterParts; readonly reads: string[]} {
  const reads: string[] = [];
  const usual = {user: USER, node: 'pve1', time: NOW / 1000 - 600, msg: `starting task ${UPID}`};
  const since = (openedAt: number) => openedAt >= NOW - 70 * MINUTE;
  const known = intents.map((intent) => ({
    ...{state: 'open', upid: null, openedAt: NOW - 601_000, step: step(150), action: action()},
    ...intent,
  }));
  const refused = {kind: 'forbidden', status: 403, message: 'no', errors: {}, sent: 'answered'};
  const parts = {
    cluster: 'harness',
    user: USER,
    applier: {},
    log: {warn: () => undefined},
    clock: {now: () => NOW + minutes * MINUTE, monotonic: () => 1_000_000_000 + minutes * MINUTE},
    pve: {
      clockOffsetMs: () => null,
      read: async (path: string) => {
        reads.push(path);
        return unreadable ? err(refused) : ok([{...usual, ...line}]);
      },
    },
    journal: {
      tasksOf: () => tasks,
      intentsSince: () => known.filter(({openedAt}) => since(openedAt)),
      unfinished: () => known.filter(({state}) => state !== 'done'),
    },
  };
  // Safe: strangerOf asks for nothing else of the parts.
  return {parts: parts as unknown as ClusterParts, reads};
}
