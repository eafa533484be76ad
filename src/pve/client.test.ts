// Why this exists: a call repeated at the wrong moment starts a guest twice. What is repeated,
// where and when, and what is never, is said here.
import {describe, expect, it} from 'vitest';
import type {ExchangeFailure, Random} from '../core/ports.ts';
import {createPve, type PveOptions, type RequestReport} from './client.ts';
import {
  bare,
  fails,
  gives,
  jumpingClock,
  type Reply,
  refuses,
  scriptedExchange,
} from './scripted.ts';

const random: Random = {float: () => 0.5, bytes: (length) => new Uint8Array(length)};

type Script = (index: number) => Reply | Promise<Reply>;

function world(scripts: readonly Script[], more: Partial<PveOptions> = {}) {
  const clock = jumpingClock();
  const exchanges = scripts.map((script) => scriptedExchange((_request, index) => script(index)));
  const reports: RequestReport[] = [];
  const pve = createPve({
    cluster: 'harness',
    endpoints: exchanges.map((exchange, index) => ({url: `https://pve${index + 1}`, exchange})),
    token: 'gitops@pve!ci=s3cr3t',
    concurrency: {readsPerNode: 3},
    clock,
    random,
    onRequest: (report) => reports.push(report),
    ...more,
  });
  const counts = () => exchanges.map(({requests}) => requests.length);
  return {pve, clock, exchanges, reports, counts};
}

const start = {method: 'POST', path: '/nodes/pve1/qemu/150/status/start', params: {}} as const;

describe('what is sent', () => {
  it('carries the token, and parameters as a form that is percent-encoded once', async () => {
    const {pve, exchanges} = world([() => gives(null)]);
    const sshkeys = 'ssh-ed25519%20AAAA%2B';
    const params = {memory: 4096, sshkeys, description: 'a b&c=\nä😀\ud800'};
    await pve.write({method: 'PUT', path: '/nodes/pve1/qemu/150/config', params});
    expect(exchanges[0]?.requests[0]).toMatchObject({
      method: 'PUT',
      path: '/api2/json/nodes/pve1/qemu/150/config',
      headers: {
        authorization: 'PVEAPIToken=gitops@pve!ci=s3cr3t',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body:
        'memory=4096&sshkeys=ssh-ed25519%2520AAAA%252B' +
        '&description=a%20b%26c%3D%0A%C3%A4%F0%9F%98%80%EF%BF%BD',
    });
  });

  it('has no body when it deletes: the parameters are in the query', async () => {
    const {pve, exchanges} = world([() => gives(null)]);
    const params = {purge: 0, 'destroy-unreferenced-disks': 0};
    await pve.write({method: 'DELETE', path: '/nodes/pve1/qemu/150', params});
    expect(exchanges[0]?.requests[0]).toMatchObject({
      path: '/api2/json/nodes/pve1/qemu/150?purge=0&destroy-unreferenced-disks=0',
      body: null,
    });
  });

  it('is counted by an operation from a closed set and by its code', async () => {
    const {pve, reports} = world([(n) => (n === 0 ? fails('cut', 'maybe') : gives([]))]);
    await pve.read('/nodes/pve1/qemu/150/pending');
    const operation = 'GET /nodes/{node}/qemu/{vmid}/pending';
    expect(reports).toMatchObject([
      {operation, code: 'cut'},
      {operation, code: '200'},
    ]);
  });
});

describe('a read', () => {
  const passing: readonly (readonly [string, Reply])[] = [
    ['a cut connection', fails('cut', 'maybe')],
    ['a refused connection', fails('connect', 'no')],
    ['an unreachable node', bare(595, 'Connection refused')],
    ['a proxy without an answer', bare(596, 'Connection timed out')],
    ['a lock that was not had in time', refuses(500, "can't lock file 'x' - got timeout")],
  ];

  it.each(passing)(
    'is asked again after %s, a little later, twice at most',
    async (_why, reply) => {
      const once = world([(n) => (n === 0 ? reply : gives('found'))]);
      expect(await once.pve.read('/version')).toEqual({ok: true, value: 'found'});
      expect(once.clock.slept).toEqual([200]);
      const never = world([() => reply]);
      expect(await never.pve.read('/version')).toMatchObject({ok: false});
      expect(never.counts()).toEqual([3]);
      expect(never.clock.slept).toEqual([200, 400]);
    },
  );

  it.each([
    ['a refusal', refuses(403, 'Permission check failed (/vms/150, VM.Audit)')],
    ['a text', refuses(500, "Configuration file 'nodes/pve1/qemu-server/150.conf' does not exist")],
    ['an answer that is no JSON', bare(200, 'OK')],
    ['a login that failed', bare(401, 'Authentication failed!')],
    ['a certificate that is not trusted', fails('tls', 'no')],
  ] as const)('is not asked again after %s', async (_why, reply) => {
    const {pve, counts} = world([() => reply]);
    expect(await pve.read('/version')).toMatchObject({ok: false});
    expect(counts()).toEqual([1]);
  });

  it('that failed after a long wait is not asked again: the node hangs', async () => {
    const {pve, counts, clock} = world([
      () => {
        clock.advance(30_000);
        return bare(596, 'Connection timed out');
      },
    ]);
    expect(await pve.read('/nodes/pve9/status')).toMatchObject({error: {kind: 'no-answer'}});
    expect(counts()).toEqual([1]);
  });

  it('ends when its caller gives up between two attempts', async () => {
    const aborting = new AbortController();
    const {pve, counts} = world([
      () => {
        aborting.abort();
        return bare(595, 'Connection refused');
      },
    ]);
    const result = await pve.read('/version', {signal: aborting.signal});
    expect(result).toMatchObject({ok: false, error: {kind: 'cancelled'}});
    expect(counts()).toEqual([1]);
  });
});

describe('a write', () => {
  it.each([
    ['the connection was cut', fails('cut', 'maybe')],
    ['no answer came', fails('timeout', 'maybe')],
    ['the proxy gave up', bare(596, 'Connection timed out')],
    ['the node was not reached', bare(595, 'Connection refused')],
    ['the answer made no sense', bare(200, 'OK')],
    ['something between us and Proxmox answered', bare(502, 'Bad Gateway')],
  ] as const)('is sent once when %s, and its outcome is unknown', async (_why, reply) => {
    const {pve, counts} = world([() => reply, () => gives('UPID')]);
    expect(await pve.write(start)).toMatchObject({ok: false, error: {sent: 'maybe'}});
    expect(counts()).toEqual([1, 0]);
  });

  it.each([
    [refuses(500, 'VM is locked (backup)'), 'locked'],
    [refuses(500, "can't lock file '/var/lock/x' - got timeout"), 'lock-timeout'],
    [refuses(500, 'checksum mismatch (file change by other user?)'), 'digest'],
  ] as const)('that Proxmox refused is not repeated: %#', async (reply, kind) => {
    const {pve, counts} = world([() => reply, () => gives('UPID')]);
    expect(await pve.write(start)).toMatchObject({ok: false, error: {kind, sent: 'answered'}});
    expect(counts()).toEqual([1, 0]);
  });

  it.each(['connect', 'tls'] as const)(
    'that provably did not leave (%s) goes to the next endpoint, once each',
    async (kind: ExchangeFailure['kind']) => {
      const two = world([() => fails(kind, 'no'), () => gives('UPID')]);
      expect(await two.pve.write(start)).toEqual({ok: true, value: 'UPID'});
      expect(two.counts()).toEqual([1, 1]);
      const none = world([() => fails(kind, 'no'), () => fails(kind, 'no')]);
      expect(await none.pve.write(start)).toMatchObject({ok: false, error: {sent: 'no'}});
      expect(none.counts()).toEqual([1, 1]);
    },
  );

  it('keeps what it sent as a secret out of the error', async () => {
    const text = 'Parameter verification failed.';
    const {pve} = world([() => refuses(400, text, {cipassword: "bad - got 'hunter2'"})]);
    const params = {cipassword: 'hunter2', ciuser: 'anna'};
    const result = await pve.write({...start, params});
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect(result).toMatchObject({error: {errors: {cipassword: "bad - got '(secret)'"}}});
  });

  it('cannot be a GET, and a path begins with a slash', async () => {
    const {pve} = world([() => gives(null)]);
    expect(() => pve.write({...start, method: 'GET'})).toThrow('a GET is a read');
    await expect(pve.read('version')).rejects.toThrow('slash');
  });
});

describe('endpoints', () => {
  it('the first is used until it fails, then the next, then the first again', async () => {
    let isDown = true;
    const first = () => (isDown ? fails('connect', 'no') : gives('one'));
    const {pve, counts, clock} = world([first, () => gives('two')]);
    expect(await pve.read('/version')).toEqual({ok: true, value: 'two'});
    expect(pve.endpoints()).toEqual([
      {url: 'https://pve1', up: false},
      {url: 'https://pve2', up: true},
    ]);
    await pve.read('/version');
    expect(counts()).toEqual([1, 2]);
    isDown = false;
    clock.advance(5_001);
    expect(await pve.read('/version')).toEqual({ok: true, value: 'one'});
    expect(pve.endpoints()[0]?.up).toBe(true);
  });

  it('one that stays away is asked ever more rarely, but once a minute at least', async () => {
    const {pve, exchanges, clock} = world([() => fails('connect', 'no'), () => gives('two')]);
    const asked: number[] = [];
    for (let second = 0; second < 300; second++) {
      const before = exchanges[0]?.requests.length ?? 0;
      await pve.read('/version');
      if ((exchanges[0]?.requests.length ?? 0) > before) asked.push(second);
      clock.advance(1_000);
    }
    expect(asked).toEqual([0, 5, 15, 35, 75, 135, 195, 255]);
  });

  it('when all are down, they are asked all the same', async () => {
    const {pve, counts} = world([() => fails('connect', 'no'), () => fails('connect', 'no')]);
    await pve.read('/version');
    await pve.read('/version');
    expect(Math.min(...counts())).toBeGreaterThanOrEqual(2);
  });

  it('one that hangs is left for a read, but a cut connection blames nobody', async () => {
    const {pve, clock} = world([
      () => {
        clock.advance(35_000);
        return fails('timeout', 'maybe');
      },
      (n) => (n === 0 ? fails('cut', 'maybe') : gives('two')),
    ]);
    expect(await pve.read('/version')).toEqual({ok: true, value: 'two'});
    expect(pve.endpoints().map(({up}) => up)).toEqual([false, true]);
  });
});

describe('queues', () => {
  /** A world whose answers are given by hand. */
  function held() {
    const open: {path: string; answer: () => void}[] = [];
    const exchange = scriptedExchange((request) => {
      const {promise, resolve} = Promise.withResolvers<Reply>();
      const path = `${request.method} ${request.path.replace('/api2/json', '')}`;
      open.push({path, answer: () => resolve(gives(null))});
      return promise;
    });
    const {pve} = world([], {endpoints: [{url: 'https://pve1', exchange}]});
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const answer = async () => {
      await settle();
      open.shift()?.answer();
      await settle();
    };
    return {pve, open, answer, settle, paths: () => open.map(({path}) => path)};
  }

  it('a node gets three calls at a time, and another node its own three', async () => {
    const {pve, paths, answer, settle} = held();
    for (const node of ['pve1', 'pve2']) {
      for (let n = 0; n < 5; n++) void pve.read(`/nodes/${node}/qemu/15${n}/pending`);
    }
    await settle();
    expect(paths().filter((path) => path.includes('/pve1/')).length).toBe(3);
    expect(paths().filter((path) => path.includes('/pve2/')).length).toBe(3);
    await answer();
    expect(paths().at(-1)).toBe('GET /nodes/pve1/qemu/153/pending');
  });

  it('a write goes before the reads that wait', async () => {
    const {pve, paths, answer} = held();
    for (let n = 0; n < 5; n++) void pve.read(`/nodes/pve1/qemu/15${n}/pending`);
    void pve.write(start);
    await answer();
    expect(paths().at(-1)).toBe('POST /nodes/pve1/qemu/150/status/start');
    await answer();
    expect(paths().at(-1)).toBe('GET /nodes/pve1/qemu/153/pending');
  });

  it('who gives up while waiting leaves the queue, and nothing was sent', async () => {
    const {pve, paths, answer} = held();
    const aborting = new AbortController();
    for (let n = 0; n < 3; n++) void pve.read(`/nodes/pve1/qemu/15${n}/pending`);
    const written = pve.write(start, {signal: aborting.signal});
    const last = pve.read('/nodes/pve1/status');
    aborting.abort();
    expect(await written).toMatchObject({ok: false, error: {kind: 'cancelled', sent: 'no'}});
    await answer();
    expect(paths()).not.toContain('POST /nodes/pve1/qemu/150/status/start');
    for (let n = 0; n < 3; n++) await answer();
    expect(await last).toMatchObject({ok: true});
  });
});

describe('time', () => {
  it('of the node is known from the last answer', async () => {
    const date = new Date(1_700_000_007_000).toUTCString();
    const {pve} = world([(n) => (n === 0 ? gives(null) : gives(null, {date}))]);
    expect(pve.clockOffsetMs()).toBe(null);
    await pve.read('/version');
    expect(pve.clockOffsetMs()).toBe(null);
    await pve.read('/version');
    expect(pve.clockOffsetMs()).toBe(7_000);
  });
});
