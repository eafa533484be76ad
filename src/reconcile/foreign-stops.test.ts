// Why this exists: who stopped a guest decides whether it is started again.
import {expect, it} from 'vitest';
import {actionOf, FAILED} from '../../test/builders/apply-world.ts';
import type {Change, Plan} from '../core/action.ts';
import type {Json} from '../core/json.ts';
import type {PveError} from '../core/model.ts';
import {err, ok, type Result} from '../core/result.ts';
import {foreignStops} from './foreign-stops.ts';
import type {ClusterParts} from './parts.ts';

const OURS = 'pvegit@pve!controller';
const POWER: Change = {
  ...{field: 'power', from: 'stopped', to: 'running', risk: 'benign', because: ''},
  ...{cause: 'drift', shown: {from: 'stopped', to: 'running'}},
};
const ended = (type: string, starttime: number, by: string) => {
  const [user = '', tokenid] = by.split('!');
  return {type, starttime, user, ...(tokenid === undefined ? {} : {tokenid})};
};
const ALICE = ended('qmstop', 20, 'alice@pam');

const BUSY = Array.from({length: 50}, (_, index) => ended('qmsnapshot', 100 + index, OURS));

it.each([
  ['somebody', [ALICE], true],
  ['we', [ended('qmshutdown', 20, OURS)], false],
  ['somebody after us', [ended('qmshutdown', 10, OURS), ALICE], true],
  ['nobody', [], false],
])('fifty later tasks do not hide that %s stopped it', async (_, stops, isForeign) => {
  const isAsked = (path: string) => (one: {readonly type: string}) =>
    !path.includes('typefilter') || path.includes(`typefilter=${one.type}&`);
  const read = async (path: string) =>
    ok([...BUSY, ...stops].filter(isAsked(path)).slice(0, Number(/limit=(\d+)/.exec(path)?.[1])));
  expect(await judged(read)).toBe(isForeign);
});

it.each([
  ['nobody stopped it by a task', ok([ended('qmstart', 30, 'alice@pam')]), false],
  ['we did', ok([ended('qmshutdown', 10, OURS)]), false],
  ['we did, as a task that runs is listed', ok([{...ALICE, user: OURS}]), false],
  ['somebody did', ok([ALICE]), true],
  ['somebody did after us, whatever the order', ok([ended('qmstop', 10, OURS), ALICE]), true],
  ['we did after somebody, whatever the order', ok([ALICE, ended('qmstop', 30, OURS)]), false],
  ['our user did without our token', ok([ended('qmstop', 30, 'pvegit@pve')]), true],
  ['nobody may say', err(FAILED), true],
  ['what is said is no list', ok({}), true],
] as const)('where %s, it is left alone or not', async (_, answer, isForeign) => {
  // Safe: what is said is JSON, whatever its shape.
  expect(await judged(async () => answer as Result<Json, PveError>)).toBe(isForeign);
});

/** Whether guest 150, whose power drifted, was stopped by another. */
async function judged(read: (path: string) => Promise<Result<Json, PveError>>): Promise<boolean> {
  const plan: Pick<Plan, 'actions'> = {
    actions: [actionOf([], {changes: [POWER], cause: 'drift'})],
  };
  const parts: unknown = {pve: {read}, user: OURS};
  // Safe: of its parts only these two are asked, of the plan only the actions.
  return (await foreignStops(parts as ClusterParts, plan as Plan)).has('guest/150');
}
