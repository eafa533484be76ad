// Why this exists: waiting for a task must end with its exit status, outlive restarts, and never
// take silence for success.
import {describe, expect, it} from 'vitest';
import {createPve} from './client.ts';
import {
  bare,
  fails,
  gives,
  jumpingClock,
  type Reply,
  refuses,
  scriptedExchange,
} from './scripted.ts';

const UPID = 'UPID:pve1:00000BB9:00079C19:6B0160CE:qmclone:100:gitops@pve!ci:';
const running = gives({upid: UPID, status: 'running'});
const ended = (exitstatus: string) => gives({upid: UPID, status: 'stopped', exitstatus});

function waitFor(script: (index: number) => Reply, timeoutMs = 600_000, signal?: AbortSignal) {
  const clock = jumpingClock();
  const exchange = scriptedExchange((_request, index) => script(index));
  const pve = createPve({
    cluster: 'harness',
    endpoints: [{url: 'https://pve1', exchange}],
    token: 'gitops@pve!ci=s3cr3t',
    concurrency: {readsPerNode: 3},
    clock,
    random: {float: () => 0.5, bytes: (length) => new Uint8Array(length)},
  });
  const started = clock.monotonic();
  const result = pve.task(UPID, signal === undefined ? {timeoutMs} : {timeoutMs, signal});
  return {result, clock, exchange, waited: () => clock.monotonic() - started};
}

const noSuchTask = refuses(400, 'Parameter verification failed.', {upid: 'no such task'});

describe('a task', () => {
  it.each([
    ['OK', true, 0],
    ['WARNINGS: 3', true, 3],
    ['WARNINGS: 3 and more', false, 0],
    ['unexpected status', false, 0],
    ['VM is locked (backup)', false, 0],
    ['', false, 0],
  ] as const)('that ends with "%s" has success %s', async (exitStatus, success, warnings) => {
    const {result} = waitFor(() => ended(exitStatus));
    expect(await result).toEqual({
      ok: true,
      value: {upid: UPID, exitStatus, success, warnings},
    });
  });

  it('that stopped without an exit status did not succeed', async () => {
    const {result} = waitFor(() => gives({upid: UPID, status: 'stopped'}));
    expect(await result).toMatchObject({value: {success: false}});
  });

  it('is asked for at its node, soon at first and then every two seconds', async () => {
    const {result, clock, exchange} = waitFor((n) => (n < 8 ? running : ended('OK')));
    expect(await result).toMatchObject({ok: true});
    expect(exchange.requests[0]?.path).toBe(
      '/api2/json/nodes/pve1/tasks/' +
        'UPID%3Apve1%3A00000BB9%3A00079C19%3A6B0160CE%3Aqmclone%3A100%3Agitops%40pve%21ci%3A/status',
    );
    expect(clock.slept.map(Math.round)).toEqual([300, 450, 675, 1013, 1519, 2000, 2000, 2000]);
  });

  it.each([
    ['its node restarts', bare(595, 'Connection refused')],
    ['the proxy has no answer', bare(596, 'Connection timed out')],
    ['the connection is cut', fails('cut', 'maybe')],
    ['quorum is lost', refuses(500, 'cluster not ready - no quorum?')],
    ['it cannot be found for a moment', noSuchTask],
  ])('is waited for while %s', async (_why, reply) => {
    const {result} = waitFor((n) => (n < 12 ? reply : ended('OK')));
    expect(await result).toMatchObject({ok: true, value: {success: true}});
  });

  it('that still runs at the deadline has no result', async () => {
    const {result, waited} = waitFor(() => running, 60_000);
    expect(await result).toMatchObject({
      ok: false,
      error: {kind: 'no-answer', message: expect.stringContaining('still runs after 60 s')},
    });
    expect(waited()).toBe(60_000);
  });

  it('whose node stays away until the deadline has no result either', async () => {
    const {result} = waitFor(() => bare(595, 'No route to host'), 60_000);
    expect(await result).toMatchObject({ok: false, error: {kind: 'node-unreachable'}});
  });

  it('that is gone for a minute does not come back', async () => {
    const {result, waited} = waitFor(() => noSuchTask);
    expect(await result).toMatchObject({ok: false, error: {kind: 'missing'}});
    expect(waited()).toBeGreaterThanOrEqual(60_000);
    expect(waited()).toBeLessThan(65_000);
  });

  it('that cannot be found now and then is there', async () => {
    const script = (n: number) => (n > 120 ? ended('OK') : n % 2 === 0 ? noSuchTask : running);
    const {result, waited} = waitFor(script);
    expect(await result).toMatchObject({ok: true, value: {success: true}});
    expect(waited()).toBeGreaterThan(120_000);
  });

  it('that we may not see is not waited for', async () => {
    const {result, exchange} = waitFor(() => refuses(403, 'Permission check failed'));
    expect(await result).toMatchObject({ok: false, error: {kind: 'forbidden'}});
    expect(exchange.requests.length).toBe(1);
  });

  it('is given up when the caller does, and never stopped by us', async () => {
    const aborting = new AbortController();
    const script = (n: number) => {
      if (n === 2) aborting.abort();
      return running;
    };
    const {result, exchange} = waitFor(script, 600_000, aborting.signal);
    expect(await result).toMatchObject({ok: false, error: {kind: 'cancelled'}});
    expect(exchange.requests.map(({method}) => method)).toEqual(['GET', 'GET', 'GET']);
  });
});
