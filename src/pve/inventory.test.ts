// Why this exists: one pass reads each thing once, and what it could not read is never missing from
// its result as if it were absent.
import {describe, expect, it} from 'vitest';
import type {Json} from '../core/json.ts';
import type {ApiCall, Inventory, PveError} from '../core/model.ts';
import type {Clock, Pve} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';
import {
  createInventoryCache,
  type InventoryRequest,
  takeInventory,
  timeReads,
} from './inventory.ts';
import {jumpingClock} from './scripted.ts';

const VERSION = {version: '8.4.21', release: '8.4', repoid: '2606ac85'};

type Reply = Result<Json, PveError>;
type Script = (path: string, asked: number) => Reply | Promise<Reply>;

const get = (path: string, params: ApiCall['params'] = {}): ApiCall => {
  return {method: 'GET', path, params};
};

const failure = (kind: PveError['kind'], message = 'x'): Reply =>
  err({kind, status: 500, message, errors: {}, sent: 'answered'});

function world(script: Script, clock: Clock = jumpingClock()) {
  const asked: string[] = [];
  const pve: Pick<Pve, 'cluster' | 'read'> = {
    cluster: 'harness',
    read: async (path) => {
      asked.push(path);
      return path === '/version' ? ok(VERSION) : script(path, asked.length);
    },
  };
  const cache = createInventoryCache();
  const take = (more: Partial<InventoryRequest>) =>
    takeInventory({pve, clock, cache, first: [], more: () => [], ...more});
  return {asked, take, clock};
}

const pending = (count: number, node = 'pve1') =>
  Array.from({length: count}, (_, n) => get(`/nodes/${node}/qemu/${100 + n}/pending`));

describe('a pass', () => {
  it('in sync is one listing and one read per guest, and now and then the version', async () => {
    const {take, asked, clock} = world(() => ok([]));
    const more = (inventory: Inventory) =>
      inventory.reads['/cluster/resources'] === undefined ? [] : pending(20);
    const first = await take({first: [get('/cluster/resources')], more});
    expect(first.requests).toBe(22);
    expect(first.inventory.release).toBe('8.4');
    const second = await take({first: [get('/cluster/resources')], more});
    expect(second.requests).toBe(21);
    expect(second.inventory.release).toBe('8.4');
    expect(second.inventory.reads['/version']?.outcome).toEqual({ok: true, data: VERSION});
    expect(asked.length).toBe(43);
    await clock.sleep(5 * 60_000 + 1);
    expect((await take({first: []})).requests).toBe(1);
  });

  it('reads each path once, however often and in whichever round it is wanted', async () => {
    const {take, asked} = world(() => ok(1));
    const more = () => [get('/a'), get('/b', {x: 1}), get('/b?x=1'), get('/b', {x: '1'})];
    const {inventory} = await take({first: [get('/a'), get('/a')], more});
    expect(asked.toSorted()).toEqual(['/a', '/b?x=1', '/version']);
    expect(Object.keys(inventory.reads).toSorted()).toEqual(['/a', '/b?x=1', '/version']);
  });

  it('goes on in rounds while an answer makes more necessary', async () => {
    const {take} = world((path) => ok(path.length));
    const more = ({reads}: Inventory) => {
      const steps = ['/one', '/two', '/three'];
      return steps
        .filter((_, n) => n === 0 || reads[steps[n - 1] ?? ''] !== undefined)
        .map((p) => get(p));
    };
    const {inventory} = await take({more});
    expect(inventory.reads['/three']?.outcome).toEqual({ok: true, data: 6});
  });

  it('has a bound: what is still wanted after it is unknown, not absent', async () => {
    let n = 0;
    const {take} = world(() => ok(1));
    const {inventory} = await take({more: () => [get(`/more/${n++}`)], maxRounds: 4});
    const last = Object.values(inventory.reads).at(-1)?.outcome;
    expect(last).toMatchObject({ok: false, error: {kind: 'server', sent: 'no'}});
    expect(Object.keys(inventory.reads).length).toBe(5);
  });

  it('keeps what could not be read with the reason, and reads the rest', async () => {
    const {take} = world((path) => (path.includes('/105/') ? failure('forbidden') : ok([])));
    const {inventory} = await take({first: pending(10)});
    const reads = Object.values(inventory.reads);
    expect(reads.filter(({outcome}) => !outcome.ok)).toMatchObject([
      {path: '/nodes/pve1/qemu/105/pending', outcome: {error: {kind: 'forbidden'}}},
    ]);
    expect(reads.length).toBe(11);
  });

  it('only reads', async () => {
    const {take} = world(() => ok(1));
    const write = {method: 'PUT', path: '/nodes/pve1/qemu/100/config', params: {}} as const;
    await expect(take({first: [write]})).rejects.toThrow('only reads');
  });

  it('says when it began, not when it ended', async () => {
    const clock = jumpingClock(1_700_000_000_000);
    const {take} = world(() => {
      clock.advance(9_000);
      return ok([]);
    }, clock);
    expect((await take({first: pending(3)})).inventory.takenAt).toBe(1_700_000_000_000);
  });
});

describe('a node', () => {
  it('is asked a few things at a time, beside the others', async () => {
    const open = new Map<string, (reply: Reply) => void>();
    let most = 0;
    const {take} = world((path) => {
      const {promise, resolve} = Promise.withResolvers<Reply>();
      open.set(path, resolve);
      const here = [...open.keys()].filter((one) => one.includes('/pve1/')).length;
      most = Math.max(most, here);
      setImmediate(() => {
        open.delete(path);
        resolve(ok([]));
      });
      return promise;
    });
    const first = [...pending(20, 'pve1'), ...pending(20, 'pve2')];
    const {requests} = await take({first, readsPerNode: 3});
    expect(requests).toBe(41);
    expect(most).toBe(3);
  });

  it('that hangs costs a few waits, not one for each of its guests', async () => {
    const clock = jumpingClock();
    const {take, asked} = world((path) => {
      if (!path.includes('/pve9/')) return ok([]);
      clock.advance(30_000);
      return failure('no-answer', 'Connection timed out');
    }, clock);
    const {inventory} = await take({first: [...pending(100, 'pve9'), ...pending(100, 'pve1')]});
    expect(asked.filter((path) => path.includes('/pve9/')).length).toBeLessThanOrEqual(3);
    const failed = Object.values(inventory.reads).filter(({outcome}) => !outcome.ok);
    expect(failed.length).toBe(100);
    expect(failed.at(-1)?.outcome).toMatchObject({
      error: {
        kind: 'no-answer',
        message: 'not asked again in this pass, node pve9: Connection timed out',
      },
    });
  });

  it('that refuses quickly is asked everything: plain reads may work', async () => {
    const {take, asked} = world((path) =>
      path.endsWith('/current') ? failure('node-unreachable') : ok([]),
    );
    const current = Array.from({length: 9}, (_, n) => get(`/nodes/pve1/qemu/${n}/status/current`));
    await take({first: [...current, ...pending(9)]});
    expect(asked.length).toBe(19);
  });

  it('has its clock compared when asked, once per minutes', async () => {
    const clock = jumpingClock(1_700_000_000_000);
    const listing = [
      {type: 'node', id: 'node/pve1', node: 'pve1', status: 'online'},
      {type: 'node', id: 'node/pve2', node: 'pve2', status: 'offline'},
      {type: 'qemu', id: 'qemu/100', node: 'pve1', vmid: 100, status: 'running'},
    ];
    const {take} = world(
      (path) => ok(path === '/cluster/resources' ? listing : {time: 1_700_000_090}),
      clock,
    );
    const request = {first: [get('/cluster/resources')], more: timeReads};
    const one = await take(request);
    expect(one.inventory.clockOffsetMs).toEqual({pve1: 90_500});
    expect(one.requests).toBe(3);
    const two = await take(request);
    expect(two.inventory.clockOffsetMs).toEqual({pve1: 90_500});
    expect(two.requests).toBe(1);
  });

  it.each([-3_600_000, 3_600_000])('has it compared anew when ours is set by %i ms', async (by) => {
    const steady = jumpingClock(1_700_000_000_000);
    let setBy = 0;
    const clock = {...steady, now: () => steady.now() + setBy};
    const listing = [{type: 'node', id: 'node/pve1', node: 'pve1', status: 'online'}];
    const {take} = world(
      (path) => ok(path === '/cluster/resources' ? listing : {time: 1_700_000_000}),
      clock,
    );
    const request = {first: [get('/cluster/resources')], more: timeReads};
    await take(request);
    setBy = by;
    expect((await take(request)).inventory.clockOffsetMs).toEqual({pve1: 500 - by});
  });
});
