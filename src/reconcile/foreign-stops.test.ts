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
  const plan: Pick<Plan, 'actions'> = {
    actions: [actionOf([], {changes: [POWER], cause: 'drift'})],
  };
  // Safe: what is said is JSON, whatever its shape.
  const pve = {read: async () => answer as Result<Json, PveError>};
  const parts: unknown = {pve, user: OURS};
  // Safe: of its parts only these two are asked, of the plan only the actions.
  const seen = await foreignStops(parts as ClusterParts, plan as Plan);
  expect(seen.has('guest/150')).toBe(isForeign);
});
