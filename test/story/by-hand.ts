// Why this exists: stories in which a person works on the cluster beside the controller, through
// the same API with a token of her own.
import type {Json} from '../../src/core/json.ts';
import {readAnswer} from '../../src/pve/classify.ts';
import {encodeForm} from '../../src/pve/form.ts';
import {addToken, grant} from '../../src/simulator/build.ts';
import {handle} from '../../src/simulator/handle.ts';
import type {Story} from './world.ts';

const SECRET = '0d0b3a55-3c1f-4d0e-8f5a-a11ce0000001';

type Params = {readonly [key: string]: string | number};

/** One call of Alice, who may do everything that a token may; throws on any other answer. */
export function byHand(story: Story, method: string, path: string, params: Params = {}): Json {
  const {simulator} = story;
  if (!simulator.access.users.has('alice@pve')) {
    addToken(simulator, {user: 'alice@pve', token: 'hand', secret: SECRET});
    grant(simulator, {subject: 'alice@pve', role: 'Administrator', path: '/'});
    grant(simulator, {subject: 'alice@pve!hand', role: 'Administrator', path: '/'});
  }
  const form = encodeForm(params);
  const inBody = method === 'POST' || method === 'PUT';
  const headers = {
    authorization: `PVEAPIToken=alice@pve!hand=${SECRET}`,
    ...(inBody ? {'content-type': 'application/x-www-form-urlencoded'} : {}),
  };
  const query = inBody || form === '' ? '' : `?${form}`;
  const request = {method, path: `/api2/json${path}${query}`, headers, body: inBody ? form : ''};
  const response = handle(simulator, request, simulator.nowMs);
  if (response.kind !== 'answer') throw new Error(`${method} ${path}: ${response.kind}`);
  const answer = readAnswer(response);
  if (answer.ok) return answer.value;
  throw new Error(
    `${method} ${path}: ${answer.error.message} ${JSON.stringify(answer.error.errors)}`,
  );
}

/** A change of a guest's configuration by hand. */
export function configure(story: Story, params: Params, vmid = 150): void {
  byHand(story, 'PUT', `/nodes/pve1/qemu/${vmid}/config`, params);
}
