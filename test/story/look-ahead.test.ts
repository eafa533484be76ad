// Why this exists: what a start needs is looked at before a running guest is stopped for it; what
// is gone, or cannot be told, holds the stop and not the guest's service.
import {describe, expect, it} from 'vitest';
import type {Exchange} from '../../src/core/ports.ts';
import {ok} from '../../src/core/result.ts';
import {type ClusterWish, demoCluster} from '../../src/simulator/build.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {put} from '../../src/simulator/volume.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  guestOf,
  manifest,
  NEO4J,
  openLines,
  patched,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const RUNNING = patched(NEO4J, {power: 'running'});
const WITH_CD = patched(RUNNING, {cdroms: {ide0: {file: 'local:iso/one.iso'}}});
const ISO = 'pve1/local:iso/one.iso';
/** Asks for a stop and start. */
const CYCLE: Spec = {cpu: {cores: 4}};

describe('a running guest is not stopped', () => {
  it('while the image in its CD drive is gone, and is when it is back', async () => {
    const story = await begin(WITH_CD);
    const iso = story.simulator.volumes.get(ISO);
    story.simulator.volumes.delete(ISO);
    const why = await held(story, patched(WITH_CD, CYCLE));
    expect(why).toMatch(
      /would not start again: ide0 holds local:iso\/one\.iso, which is not there/,
    );
    if (iso !== undefined) put(story.simulator, iso);
    await carriedOut(story);
  });

  it('while the image is gone, but with the commit that takes the CD out', async () => {
    const story = await begin(WITH_CD);
    story.simulator.volumes.delete(ISO);
    commit(story, manifest(patched(RUNNING, CYCLE)));
    await carriedOut(story);
    expect(configOf(story)['ide0']).toBeUndefined();
  });

  it('while it cannot be told whether the image is there', async () => {
    const fault = {on: false};
    const story = await begin(WITH_CD, {}, (exchange) => forbidContent(exchange, fault));
    fault.on = true;
    const why = await held(story, patched(WITH_CD, CYCLE));
    expect(why).toMatch(/incomplete: whether local:iso\/one\.iso \(ide0\) is there cannot be told/);
    fault.on = false;
    await carriedOut(story);
  });

  it('while a disk of it is gone', async () => {
    const story = await begin(RUNNING);
    const volume = /^[^,]+/.exec(configOf(story)['scsi0'] ?? '')?.[0] ?? '';
    expect(story.simulator.volumes.delete(`pve1/${volume}`)).toBe(true);
    const why = await held(story, patched(RUNNING, CYCLE));
    expect(why).toMatch(/would not start again: scsi0 holds local-lvm:\S+, which is not there/);
  });

  it('while the storage of its CD is switched off', async () => {
    const story = await begin(WITH_CD);
    const local = story.simulator.storages.get('local');
    if (local === undefined) return expect.unreachable('the demo has a storage local');
    story.simulator.storages.set('local', {...local, disabled: true});
    const why = await held(story, patched(WITH_CD, CYCLE));
    expect(why).toMatch(/would not start again: ide0 needs storage local: .*disabled/);
  });

  it('while its bridge is gone', async () => {
    const story = await begin(RUNNING);
    takeBridge(story.simulator, 'pve1', 'vmbr0');
    const why = await held(story, patched(RUNNING, CYCLE));
    expect(why).toMatch(/would not start again: pve1 has no bridge vmbr0 \(net0\)/);
  });

  it.for(['usb', 'pci'] as const)('while a mapping of %s has nothing of its node', async (kind) => {
    const story = await begin(RUNNING);
    map(story.simulator, kind, 'pve2');
    const key = kind === 'usb' ? 'usb0' : 'hostpci0';
    guestOf(story).config.set(key, 'mapping=thing');
    const why = await held(story, patched(RUNNING, CYCLE));
    expect(why).toMatch(new RegExp(`${key} uses the mapping thing, which has nothing of pve1`));
    map(story.simulator, kind, 'pve1');
    await carriedOut(story);
  });

  it('for more CPUs than its node has', async () => {
    const story = await begin(RUNNING);
    const why = await held(story, patched(RUNNING, {cpu: {cores: 12}}));
    expect(why).toMatch(/it has 12 CPUs \(sockets × cores\), and pve1 has 8/);
  });

  it('for a machine that is too new for its node', async () => {
    const story = await begin(RUNNING);
    const why = await held(story, patched(RUNNING, {config: {machine: 'pc-q35-99.0'}}));
    expect(why).toMatch(/the QEMU of pve1 is too old for machine pc-q35-99\.0/);
  });
});

describe('what else the plan of such a guest holds', () => {
  it('is done: a tag waits for no CD', async () => {
    const story = await begin(WITH_CD);
    story.simulator.volumes.delete(ISO);
    await held(story, patched(WITH_CD, {...CYCLE, tags: ['kept']}));
    expect(configOf(story)['tags']).toBe('kept');
  });
});

describe('a stopped guest', () => {
  it('whose bridge is missing is told of it before its first start', async () => {
    const off = patched(NEO4J, {power: 'stopped'});
    const story = await begin(off);
    takeBridge(story.simulator, 'pve1', 'vmbr0');
    commit(story, manifest(patched(off, {power: 'running', tags: ['kept']})));
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/it would not start: pve1 has no bridge vmbr0/);
    expect(guestOf(story).runtime).toBeUndefined();
    expect(configOf(story)['tags']).toBe('kept');
    expect(tasks(story, 'qmstart')).toEqual([]);
  });

  it('that is not there yet is not made for a bridge that its node lacks', async () => {
    const cluster = demoCluster();
    const spec = {vmid: 151, node: 'pve1', power: 'running', memory: '1GiB', empty: {}};
    const card = {net0: {model: 'virtio', bridge: 'vmbr7'}};
    const files = {'vm.yaml': manifest({...spec, networks: card})};
    const story = createStory(cluster, {files});
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/not start once it is made: pve1 has no bridge/);
    expect(story.simulator.guests.has(151)).toBe(false);
  });
});

describe('a guest that would be replaced', () => {
  const anew = (spec: Spec) => manifest(spec, {annotations: {'pvegit/replace': 'anew'}});

  it('is not destroyed while the image that its successor needs is gone', async () => {
    const story = await begin(WITH_CD);
    const uuid = configOf(story)['smbios1'];
    story.simulator.volumes.delete(ISO);
    commit(story, anew(WITH_CD));
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(
      /what comes instead would not start: ide0 holds local:iso\/one\.iso/,
    );
    expect(configOf(story)['smbios1']).toBe(uuid);
    expect(tasks(story, 'qmdestroy|qmstop|qmshutdown')).toEqual([]);
  });

  it('is where all that its successor needs is there', async () => {
    const story = await begin(WITH_CD);
    const uuid = configOf(story)['smbios1'];
    commit(story, anew(WITH_CD));
    await settleAll(story);
    expect(configOf(story)['smbios1']).not.toBe(uuid);
    expect(guestOf(story).runtime).toBeDefined();
  });
});

describe('what is no reason', () => {
  it('is a start that we owe: it is tried until it succeeds', async () => {
    const hand = {before: () => {}};
    const story = await begin(WITH_CD, {}, (exchange) => onStart(exchange, () => hand.before()));
    const iso = story.simulator.volumes.get(ISO);
    hand.before = () => void story.simulator.volumes.delete(ISO);
    commit(story, manifest(patched(WITH_CD, CYCLE)));
    await settleAll(story);
    expect(guestOf(story).runtime).toBeUndefined();
    const tried = tasks(story, 'qmstart').length;
    await story.clock.sleep(3_600_000);
    await settleAll(story);
    expect(tasks(story, 'qmstart').length).toBeGreaterThan(tried);
    hand.before = () => {};
    if (iso !== undefined) put(story.simulator, iso);
    await story.clock.sleep(3_600_000);
    await settleAll(story);
    expect(guestOf(story).runtime).toBeDefined();
  });

  it('is a bridge that is only hidden from the token', async () => {
    const empty = new Map([
      ['/network', '[]'],
      ['/access/permissions', '{}'],
    ]);
    const story = await begin(RUNNING, {}, (exchange) => answering(exchange, empty));
    commit(story, manifest(patched(RUNNING, CYCLE)));
    await carriedOut(story);
  });
});

describe('looking ahead', () => {
  it('costs nothing where all is in sync', async () => {
    const story = await begin(WITH_CD);
    const since = story.requests.length;
    await story.pass();
    const asked = story.requests.slice(since);
    expect(asked.filter((line) => /content|network|permissions|mapping/.test(line))).toEqual([]);
    commit(story, manifest(patched(WITH_CD, {tags: ['harmless']})));
    await settleAll(story);
    expect(story.requests.slice(since).filter((line) => /\/content|\/network/.test(line))).toEqual(
      [],
    );
  });
});

/** Commits, and tells why the guest goes on running untouched. */
async function held(story: Story, spec: Spec): Promise<string> {
  const began = guestOf(story).runtime?.startedAtMs;
  commit(story, manifest(spec));
  await settleAll(story);
  expect(guestOf(story).runtime?.startedAtMs).toBe(began);
  expect(tasks(story, 'qmshutdown|qmstop')).toEqual([]);
  return (await reasons(story)).join();
}

/** Settles with a stop and start, and nothing is left to do. */
async function carriedOut(story: Story): Promise<void> {
  await settleAll(story);
  expect(tasks(story, 'qmshutdown')).toHaveLength(1);
  expect(guestOf(story).runtime).toBeDefined();
  expect(configOf(story)['cores']).toBe('4');
  await story.clock.sleep(30_000);
  expect(await openLines(story)).toEqual([]);
}

function tasks({simulator}: Story, types: string): readonly string[] {
  const all = [...simulator.tasks.values()];
  return all.filter(({type}) => new RegExp(`^(${types})$`).test(type)).map(({type}) => type);
}

async function begin(
  spec: Spec,
  wish: ClusterWish = {},
  wrap: (exchange: Exchange) => Exchange = (exchange) => exchange,
): Promise<Story> {
  const cluster = demoCluster({nodes: ['pve1', 'pve2'], ...wish});
  put(cluster, {
    volid: 'local:iso/one.iso',
    storage: 'local',
    node: 'pve1',
    format: 'iso',
    sizeBytes: 4096,
    usedBytes: 4096,
    vmid: undefined,
    parent: undefined,
    content: 'iso',
    ctimeS: 0,
    snapshots: new Set(),
    data: undefined,
  });
  const files = {'vm.yaml': manifest(spec), 'defaults.yaml': DEFAULTS};
  const story = createStory(cluster, {files, wrap});
  await settleAll(story);
  await story.clock.sleep(30_000);
  expect(await openLines(story)).toEqual([]);
  story.simulator.tasks.clear();
  return story;
}

function takeBridge({nodes, sections}: Cluster, node: string, bridge: string): void {
  nodes.get(node)?.bridges.delete(bridge);
  // Its file is written anew from what is there.
  sections.delete(`interfaces/${node}`);
}

function map(cluster: Cluster, kind: 'usb' | 'pci', node: string): void {
  const entry =
    kind === 'usb' ? `node=${node},id=1234:5678` : `node=${node},path=0000:01:00.0,id=1:2`;
  const section = new Map([['map', JSON.stringify([entry])]]);
  cluster.sections.set(`mapping-${kind}`, new Map([['thing', section]]));
}

function onStart(exchange: Exchange, before: () => void): Exchange {
  return {
    ...exchange,
    request: (request) => {
      if (request.path.endsWith('/status/start')) before();
      return exchange.request(request);
    },
  };
}

function answering(exchange: Exchange, answers: ReadonlyMap<string, string>): Exchange {
  return {
    ...exchange,
    request: async (request) => {
      const data = [...answers].find(([part]) => request.path.includes(part))?.[1];
      if (data === undefined) return exchange.request(request);
      return ok({status: 200, reason: 'OK', headers: {}, body: `{"data":${data}}`});
    },
  };
}

function forbidContent(exchange: Exchange, fault: {readonly on: boolean}): Exchange {
  return {
    ...exchange,
    request: async (request) => {
      if (!fault.on || !request.path.includes('/content')) return exchange.request(request);
      const reason = 'Permission check failed (/storage/local, Datastore.Audit)';
      return ok({status: 403, reason, headers: {}, body: '{"data":null}'});
    },
  };
}
