// Why this exists: what operators do to the controller's process: stop it, change its
// configuration, start it twice by mistake, and give it a cluster that is dead.
import {readFileSync, writeFileSync} from 'node:fs';
import {afterEach, describe, expect, it} from 'vitest';
import {addToken, demoCluster, demoSecret, grant} from '../../src/simulator/build.ts';
import {listen} from '../../src/simulator/listen.ts';
import {needs} from '../parts.ts';
import {type ProcessStage, setStage, until} from './stage.ts';

let stage: ProcessStage;
afterEach(() => stage.end());

/** Every effect of this kind that the controller caused, as VMIDs. */
function effects(what: string): readonly (number | undefined)[] {
  return stage.simulator.effects.filter((effect) => effect.what === what).map(({vmid}) => vmid);
}

function runs(vmid: number): boolean {
  const guest = stage.simulator.guests.get(vmid);
  return guest?.kind === 'qemu' && guest.runtime !== undefined;
}

async function metric(name: string): Promise<string | undefined> {
  const text = await (await fetch(`${stage.url()}/metrics`)).text();
  return new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
}

describe.runIf(needs('git'))('a controller that is told to stop', () => {
  it('ends within 10 s, leaves the task to Proxmox, and the next one takes it up', async () => {
    const {promise: cloned, resolve} = Promise.withResolvers<void>();
    stage = await setStage({
      speed: 1,
      onAnswer: ({method, path}) => {
        if (method === 'POST' && path.endsWith('/100/clone')) resolve();
      },
    });
    const program = await stage.start();
    await cloned;
    const began = performance.now();
    program.signal('SIGTERM');
    expect(await program.ended).toEqual({code: 0, signal: null});
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(program.output()).toContain('running tasks are left to Proxmox');
    expect(effects('clone')).toEqual([]);
    await stage.start();
    await until(() => ([150, 160, 200, 201].every(runs) ? null : 'not all run'));
    expect(effects('clone').toSorted()).toEqual([150, 160, 200, 201]);
    expect(effects('create').toSorted()).toEqual([150, 160, 200, 201]);
  });
});

describe.runIf(needs('git'))('a configuration that changes', () => {
  it.each([
    ['is read again on SIGHUP', true],
    ['is read again when its file changes', false],
  ] as const)('%s; a bad one leaves the old in force', async (_, byHand) => {
    stage = await setStage();
    const program = await stage.start();
    const former = readFileSync(stage.configFile, 'utf8');
    const change = (text: string): void => {
      writeFileSync(stage.configFile, text);
      if (byHand) program.signal('SIGHUP');
    };
    change(former.replace('interval: 2s', 'interval: soon'));
    await program.says(/the new configuration has mistakes; the old one stays in force/);
    await until(async () => ((await metric('pvegit_config_reload_success')) === '0' ? null : '1'));
    change(former.replace('interval: 2s', 'interval: 1s'));
    await program.says(/the configuration was read again/);
    await until(async () => ((await metric('pvegit_config_reload_success')) === '1' ? null : '0'));
    await until(() => (runs(150) ? null : '150 does not run'));
  });
});

describe.runIf(needs('git'))('two controllers on one data folder', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'the second waits, says for whom, and takes over when the first ends by %s',
    async (signal) => {
      stage = await setStage();
      const first = await stage.start();
      const second = await stage.start();
      await second.says(/pvegit run on [^"]*process (\d+)[^\n]*another controller leads/);
      await until(() => (runs(150) ? null : '150 does not run'));
      expect(second.output()).not.toContain('"message":"step"');
      first.signal(signal);
      await first.ended;
      await stage.repository.edit('neo4j-db.yaml', 'tags: [database]', 'tags: [taken-over]');
      await stage.repository.commit('Another tag');
      await until(() => {
        const tags = stage.simulator.guests.get(150)?.config.get('tags');
        return tags === 'taken-over' ? null : `tags are ${tags}`;
      });
      expect(effects('create').filter((vmid) => vmid === 150)).toEqual([150]);
    },
  );
});

describe.runIf(needs('git'))('two clusters and two sources side by side', () => {
  it('a cluster that does not answer never delays the other', async () => {
    stage = await setStage();
    const other = demoCluster({nowMs: Date.now()});
    addToken(other, {user: 'pvegit@pve', token: 'controller', secret: demoSecret});
    grant(other, {subject: 'pvegit@pve!controller', role: 'Administrator', path: '/'});
    const dead = await listen(other, {onAnswer: () => undefined, admit: () => false});
    const text = readFileSync(stage.configFile, 'utf8');
    const source = /^ {2}- name: harness\n(?: {4}.*\n)+/m.exec(text)?.[0] ?? '';
    const cluster = /^ {2}harness:\n(?: {4}.*\n)+/m.exec(text)?.[0] ?? '';
    const both = text
      .replace(cluster, `${cluster}${asDead(cluster, dead.url, dead.fingerprint)}`)
      .replace(source, `${source}${source.replaceAll('harness\n', 'beyond\n')}`);
    writeFileSync(stage.configFile, both);
    await stage.start();
    await until(() => ([150, 160, 200, 201].every(runs) ? null : 'not all run'), 60_000);
    const counts = new Map<string, number>();
    const {clusters} = JSON.parse(await (await fetch(`${stage.url()}/api/v1/status`)).text());
    for (const one of clusters) counts.set(one.cluster, one.counts.in_sync);
    await dead.close();
    expect(counts.get('harness')).toBeGreaterThanOrEqual(3);
    expect(counts.get('beyond') ?? 0).toBe(0);
    expect(await metric('pvegit_passes_total')).toBeDefined();
  });
});

function asDead(cluster: string, url: string, sha256: string): string {
  return cluster
    .replace('harness:', 'beyond:')
    .replace(/url: "[^"]+"/, `url: "${url}"`)
    .replace(/sha256: \["[^"]+"\]/, `sha256: ["${sha256}"]`);
}
