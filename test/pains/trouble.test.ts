// Why this exists: pains that come from a cluster that is busy, slow, or half gone: locks, races,
// time-outs, dead nodes, and answers that say neither yes nor no.
import {once} from 'node:events';
import {createServer} from 'node:https';
import type {Socket} from 'node:net';
import {setImmediate as turn} from 'node:timers/promises';
import {afterEach, describe, expect, it, vi} from 'vitest';
import {createExchange} from '../../src/pve/exchange.ts';
import {addGuest, demoCluster, grant} from '../../src/simulator/build.ts';
import {makeCertificate} from '../../src/simulator/certificate.ts';
import {armRequest, armTask} from '../../src/simulator/faults.ts';
import {leaveLock, revoke, takeNodeOffline} from '../../src/simulator/trouble.ts';
import {byHand} from '../story/by-hand.ts';
import {
  commit,
  configOf,
  guestOf,
  manifest,
  NEO4J,
  openLines,
  patched,
  reasons,
  type Spec,
  settleAll,
} from '../story/guest.ts';
import {createStory, type Story} from '../story/world.ts';
import {overhear, type Sent, writes} from './traffic.ts';

afterEach(() => void vi.useRealTimers());

const STOPPED = patched(NEO4J, {power: 'stopped'});

describe('races and locks', () => {
  it('21 the VMID is taken meanwhile: the other’s guest is seen and never touched', async () => {
    const cluster = demoCluster();
    const story = createStory(cluster, {
      files: {'vm.yaml': manifest(STOPPED)},
      wrap: (exchange) => ({
        ...exchange,
        request: (request) => {
          const takes = request.method === 'POST' && request.path.endsWith('/clone');
          if (takes && !cluster.guests.has(150)) {
            addGuest(cluster, 150, {config: {name: 'fast', memory: '512'}});
          }
          return exchange.request(request);
        },
      }),
    });
    const outcomes = await settleAll(story);
    expect(outcomes.join()).toMatch(/^create (failed|interrupted): .*exist/);
    await story.clock.sleep(3_600_000);
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/vmid-taken: /);
    expect(configOf(story)).toEqual({name: 'fast', memory: '512'});
  });

  it('22 parallel clones time out on the storage’s lock: one at a time on each', async () => {
    const {story, sent} = await several(4);
    expect(story.outcomes.filter(({result}) => result !== 'done')).toEqual([]);
    const clones = [...story.simulator.tasks.values()].filter(({type}) => type === 'qmclone');
    const spans = clones.map(({startS, endS}) => [startS, endS ?? Infinity] as const);
    spans.sort(([a], [b]) => a - b);
    expect(spans).toHaveLength(4);
    for (const [index, [start]] of spans.entries()) {
      expect(start).toBeGreaterThanOrEqual(spans[index - 1]?.[1] ?? 0);
    }
    expect(sent.filter(({status}) => status !== 200)).toEqual([]);
  });

  it('23 configuration locks time out: a task is waited for', async () => {
    const {story, sent} = await several(2, {
      'source.yaml': manifest(
        {vmid: 149, node: 'pve1', power: 'stopped', clone: {vmid: 100}},
        {
          name: 'source',
        },
      ),
    });
    for (const vmid of [160, 161]) {
      const spec = {vmid, node: 'pve1', power: 'stopped', clone: {vmid: 149, full: true}};
      story.files.set(`${vmid}.yaml`, manifest(spec, {name: `from-source-${vmid}`}));
    }
    const edited = {vmid: 149, node: 'pve1', power: 'stopped', clone: {vmid: 100}, shares: 900};
    story.files.set('source.yaml', manifest(edited, {name: 'source'}));
    await settleAll(story);
    await settleAll(story);
    expect([160, 161].map((vmid) => story.simulator.guests.has(vmid))).toEqual([true, true]);
    expect(configOf(story, 149)['shares']).toBe('900');
    expect(sent.filter(({status}) => status !== 200).map(({path}) => path)).toEqual([]);
  });

  it('24 a lock stays when its task has died: told, with what ends it', async () => {
    const story = await begin(STOPPED);
    leaveLock(story.simulator, 150, 'backup');
    commit(story, manifest(patched(STOPPED, {shares: 900})));
    const {report} = await story.settle();
    const [reason] = report.verdicts.flatMap((verdict) => verdict.reasons);
    expect(reason).toMatchObject({reason: 'locked', detail: expect.stringContaining('backup')});
    expect(reason?.remedy).toContain('qm unlock 150');
    expect(configOf(story)['shares']).toBeUndefined();
    guestOf(story).config.delete('lock');
    await settleAll(story);
    expect(configOf(story)['shares']).toBe('900');
  });
});

describe('failures', () => {
  it('25 retries without end: refused once, it is tried ever more rarely', async () => {
    const sent: Sent[] = [];
    const story = await begin(STOPPED, sent);
    const answer = {kind: 'answer', status: 500, reason: 'unable to parse value of x'} as const;
    armRequest(story.simulator, {method: 'PUT', path: /config$/, times: 999}, answer);
    commit(story, manifest(patched(STOPPED, {shares: 900})));
    const before = writes(sent).length;
    await story.settle();
    await story.settle();
    expect(writes(sent).length - before).toBe(1);
    expect((await reasons(story)).join()).toMatch(/cool-down: .*unable to parse/);
    for (let minute = 0; minute < 60; minute += 1) {
      await story.clock.sleep(60_000);
      await story.settle();
    }
    expect(writes(sent).length - before).toBeLessThan(12);
    commit(story, manifest(patched(STOPPED, {shares: 800})));
    const tried = writes(sent).length;
    await story.settle();
    expect(writes(sent).length).toBeGreaterThan(tried);
  });

  it('26 596 and cut connections: reads are repeated, a write is looked for first', async () => {
    const sent: Sent[] = [];
    const story = await begin(STOPPED, sent);
    armRequest(story.simulator, {method: 'GET', path: /pending$/, times: 2}, {kind: 'cut-before'});
    expect(await openLines(story)).toEqual([]);
    const gone = {kind: 'answer', status: 596, reason: 'Connection timed out'} as const;
    armRequest(story.simulator, {method: 'GET', path: /pending$/, times: 2}, gone);
    expect(await openLines(story)).toEqual([]);
    for (const [index, kind] of (['cut-after', 'answer-lost', 'no-answer'] as const).entries()) {
      const before = writes(sent).length;
      armRequest(story.simulator, {method: 'PUT', path: /config$/}, {kind});
      commit(story, manifest(patched(STOPPED, {shares: 900 + index})));
      await settleAll(story);
      await story.clock.sleep(120_000);
      await settleAll(story);
      expect(configOf(story)['shares']).toBe(String(900 + index));
      expect(writes(sent).slice(before)).toEqual(['PUT /nodes/pve1/qemu/150/config']);
      expect(await quiet(story)).toEqual([]);
    }
  });

  it('27 a kept connection is closed by the server at 5 s: no write ever uses one', async () => {
    vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
    const {keyPem, certificatePem, fingerprint} = makeCertificate(Date.now());
    const sockets = new Set<Socket>();
    const server = createServer({key: keyPem, cert: certificatePem}, (_ask, answer) => {
      answer.end('{"data":null}');
    });
    // The server never closes, so that whatever is closed was closed by the client.
    server.keepAliveTimeout = 0;
    server.on('secureConnection', (socket: Socket) => sockets.add(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const exchange = createExchange({
      url: `https://127.0.0.1:${port}`,
      trust: {kind: 'pins', sha256: [fingerprint]},
    });
    const ask = (method: 'GET' | 'PUT') =>
      exchange.request({method, path: '/', headers: {}, body: null, timeoutMs: 5_000});
    for (let read = 0; read < 10; read += 1) expect((await ask('GET')).ok).toBe(true);
    const reading = sockets.size;
    expect(reading).toBeLessThan(4);
    for (let write = 0; write < 3; write += 1) expect((await ask('PUT')).ok).toBe(true);
    expect(sockets.size).toBe(reading + 3);
    await turn();
    await turn();
    vi.advanceTimersByTime(4_500);
    while (![...sockets].every(({destroyed}) => destroyed)) await turn();
    await exchange.close();
    server.close();
  });

  it('28 a dead node breaks every view: its guests are unknown, the others go on', async () => {
    const cluster = demoCluster({nodes: ['pve1', 'pve2']});
    const story = createStory(cluster, {files: {'vm.yaml': manifest(STOPPED)}});
    await settleAll(story);
    byHand(story, 'POST', '/nodes/pve1/qemu/150/migrate', {target: 'pve2'});
    await story.clock.sleep(120_000);
    takeNodeOffline(cluster, 'pve2');
    story.files.set('vm.yaml', manifest(patched(STOPPED, {shares: 900})));
    const second = {...STOPPED, vmid: 151, networks: {}, cloudInit: {}};
    story.files.set('second.yaml', manifest(second, {name: 'second'}));
    await story.clock.sleep(400_000);
    await settleAll(story);
    expect(cluster.guests.has(151)).toBe(true);
    expect((await reasons(story)).join()).toMatch(/incomplete: .*pve2/);
    expect(guestOf(story).config.get('shares')).toBeUndefined();
    expect(story.journal.records('harness').map(({key}) => key)).toContain('guest/150');
  });

  it('29 a pass asks a dozen things of each guest: in sync it asks one', async () => {
    const {story, sent} = await several(5);
    await story.clock.sleep(30_000);
    await story.settle();
    const before = sent.length;
    await story.clock.sleep(60_000);
    await story.settle();
    expect(sent.length - before).toBeLessThanOrEqual(5 + 10);
    const perGuest = sent.slice(before).filter(({path}) => /qemu\/15\d/.test(path));
    expect(perGuest).toHaveLength(5);
  });

  it('30 waiting for the guest agent hangs: no pass ever asks an agent', async () => {
    const sent: Sent[] = [];
    const spec = patched(NEO4J, {power: 'running', agent: {enabled: true}});
    const story = await begin(spec, sent);
    guestOf(story).behaviour.agent = false;
    await story.clock.sleep(600_000);
    expect(await quiet(story)).toEqual([]);
    commit(story, manifest(patched(spec, {cpu: {cores: 4}})));
    const began = story.clock.monotonic();
    expect(await settleAll(story)).toEqual(['update']);
    // Its shutdown waits for the agent until the deadline, and is then forced.
    expect(story.clock.monotonic() - began).toBeLessThan(15 * 60_000);
    expect(guestOf(story).runtime).toBeDefined();
    expect(configOf(story)['cores']).toBe('4');
    expect(sent.filter(({path}) => path.includes('/agent'))).toEqual([]);
  });

  it('33 the template is on another node or a local storage: cloned and moved', async () => {
    const away = demoCluster({nodes: ['pve1', 'pve2']});
    const spec = patched(STOPPED, {node: 'pve2'});
    const sent: Sent[] = [];
    const local = createStory(away, {files: {'vm.yaml': manifest(spec)}, wrap: overhear(sent)});
    await settleAll(local);
    expect(guestOf(local).node).toBe('pve2');
    expect(writes(sent).slice(0, 2)).toEqual([
      expect.stringMatching(/\/pve1\/qemu\/100\/clone/),
      expect.stringMatching(/\/pve1\/qemu\/150\/migrate/),
    ]);
    const shared = demoCluster({
      nodes: ['pve1', 'pve2'],
      storages: {
        local: {content: ['iso', 'snippets'], options: {path: '/var/lib/vz'}},
        'local-lvm': {type: 'rbd', content: ['images'], shared: true, totalGiB: 400},
      },
    });
    const story = createStory(shared, {files: {'vm.yaml': manifest(spec)}});
    await settleAll(story);
    expect(guestOf(story).node).toBe('pve2');
    expect(await quiet(story)).toEqual([]);
  });

  it('34 warnings are taken for failure: they are success, and shown', async () => {
    const cluster = demoCluster();
    armTask(cluster, {type: 'qmclone'}, {kind: 'warns', text: 'clock is 1 s off'});
    const story = createStory(cluster, {files: {'vm.yaml': manifest(STOPPED)}});
    await settleAll(story);
    const create = story.outcomes.find(({verb}) => verb === 'create');
    expect(create?.result).toBe('done');
    expect(create?.steps[0]?.exitStatus).toBe('WARNINGS: 1');
    expect(await quiet(story)).toEqual([]);
  });

  it('35 9.x dropped VM.Monitor: the same guest is made on both', async () => {
    for (const version of ['8.4', '9.1'] as const) {
      const cluster = demoCluster({version});
      const story = createStory(cluster, {
        files: {'vm.yaml': manifest(patched(NEO4J, {power: 'running'}))},
      });
      await settleAll(story);
      expect(guestOf(story).runtime).toBeDefined();
      commit(story, manifest(patched(NEO4J, {power: 'running', cpu: {cores: 4}})));
      expect(await settleAll(story)).toEqual(['update']);
      expect(await quiet(story)).toEqual([]);
    }
  });

  it('36 lists are filtered without a word: what a token may not see is not gone', async () => {
    const sent: Sent[] = [];
    const story = await begin(STOPPED, sent);
    const before = writes(sent).length;
    revoke(story.simulator, 'pvegit@pve!controller', '/');
    grant(story.simulator, {subject: 'pvegit@pve!controller', role: 'PVEAuditor', path: '/nodes'});
    await story.clock.sleep(60_000);
    await settleAll(story);
    story.files.delete('vm.yaml');
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/incomplete: /);
    expect(writes(sent)).toHaveLength(before);
    expect(story.journal.records('harness').map(({key}) => key)).toEqual(['guest/150']);
    expect(story.simulator.guests.has(150)).toBe(true);
  });
});

async function several(
  count: number,
  more: {readonly [path: string]: string} = {},
): Promise<{readonly story: Story; readonly sent: readonly Sent[]}> {
  const files: {[path: string]: string} = {...more};
  for (let index = 0; index < count; index += 1) {
    const vmid = 150 + index;
    const spec = {vmid, node: 'pve1', power: 'stopped', clone: {vmid: 100, full: true}};
    files[`${vmid}.yaml`] = manifest(spec, {name: `guest-${index}`});
  }
  const sent: Sent[] = [];
  const story = createStory(demoCluster(), {files, wrap: overhear(sent)});
  await settleAll(story);
  return {story, sent};
}

async function begin(spec: Spec, sent: Sent[] = []): Promise<Story> {
  const files = {'vm.yaml': manifest(spec)};
  const story = createStory(demoCluster(), {files, wrap: overhear(sent)});
  await settleAll(story);
  expect(await quiet(story)).toEqual([]);
  return story;
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
