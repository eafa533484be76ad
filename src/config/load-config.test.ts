// Why this exists: proves what a configuration means: defaults, environment, flags, reloads.
import {describe, expect, test} from 'vitest';
import {codesOf, loadText, MINIMAL} from '../../test/fixtures/config.ts';
import type {Json} from '../core/json.ts';
import type {SecretScope} from '../secrets/create-secrets.ts';
import type {FolderSettings, GitSettings} from '../source/create-source.ts';
import {reloadConfig} from './load-config.ts';
import {type Config, type Loaded, ownVariables} from './model.ts';

function good(loaded: Loaded): Config {
  if (loaded.config === null) throw new Error(JSON.stringify(loaded.diagnostics, null, 1));
  return loaded.config;
}

describe('a minimal configuration', () => {
  const config = good(loadText(MINIMAL));

  test('has every default of the design', () => {
    expect(config).toMatchObject({
      installation: 'home',
      data: '/var/lib/pvegit',
      listen: {host: '127.0.0.1', port: 9469},
      listenToken: null,
      tls: null,
      self: null,
      policy: {
        benign: 'automatic',
        disruptive: 'approval',
        destructive: {kind: 'approval', quorum: 1, notAuthor: false, terminal: true},
        drift: {benign: 'correct', disruptive: 'report'},
        blastRadius: {actions: 5, guestsPercent: 20},
        windows: [],
        quarantineMs: 14 * 86_400_000,
        expectedMs: {clone: 1_800_000, backup: 7_200_000, cycle: 300_000},
      },
      evidence: {keepMs: 90 * 86_400_000, maxBytes: 1024 ** 3},
    });
    expect(config.clusters['harness']).toEqual({
      name: 'harness',
      endpoints: [{url: 'https://pve1:8006', sha256: [`${'ab'.repeat(31)}cd`], caFile: null}],
      token: {env: 'HARNESS_TOKEN'},
      concurrency: {readsPerNode: 3, tasksPerNode: 2, clonesPerStorage: 1},
    });
  });

  test('gives a source its defaults, and scope only for what it names', () => {
    expect(config.sources[0]).toEqual({
      name: 'infra',
      cluster: 'harness',
      origin: {
        kind: 'git',
        url: 'https://git.example/infra.git',
        branch: 'main',
        path: '',
        engine: 'auto',
        username: 'git',
        caFile: null,
        ssh: null,
        allowedSigners: null,
        timeoutMs: 120_000,
      },
      token: null,
      intervalMs: 60_000,
      scope: {
        vmids: [
          {from: 150, to: 299},
          {from: 310, to: 310},
        ],
        nodes: ['*'],
        storages: ['*'],
        bridges: ['*'],
        pools: ['*'],
        kinds: ['*'],
        devices: false,
      },
      secrets: {folder: '/etc/pvegit/secrets', env: ['*']},
    });
  });

  test('is frozen all the way down', () => {
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.sources[0]?.scope.vmids[0])).toBe(true);
  });

  test('knows which variables are the controller’s own', () => {
    expect(ownVariables(config)).toEqual(new Set(['HARNESS_TOKEN']));
  });
});

test('everything that can be written is taken up', () => {
  const text = MINIMAL.replace('infra.git', 'infra.git\n    token: {file: tokens/git}')
    .replace(
      'sources:',
      'sources:\n  - {name: local, cluster: harness, folder: here, scope: {vmids: []}}',
    )
    .concat(
      '    verify: {allowedSigners: signers}\n    secrets: {env: [TEAM_*], folder: team}\n',
      '    ssh: {knownHosts: known}\n    interval: 1.5m\nself: {cluster: harness, vmid: 110}\n',
      'tls: {cert: a.pem, key: ~/b.pem}\nlisten: "[::]:1"\npolicy:\n  destructive: observe\n',
      '  windows: [{schedule: 0 2 * * 6, timeZone: Europe/Paris, duration: 4h}]\n',
      '  expected: {migrate: 1h}\n',
    );
  const config = good(loadText(text));
  expect(config.self).toEqual({cluster: 'harness', vmid: 110});
  expect(config.tls?.certFile).toBe('/etc/pvegit/a.pem');
  expect(config.listen).toEqual({host: '::', port: 1});
  expect(config.policy.destructive).toEqual({kind: 'observe'});
  expect(config.policy.expectedMs).toMatchObject({migrate: 3_600_000, clone: 1_800_000});
  expect(config.policy.windows).toEqual([
    {
      kind: 'allow',
      classes: ['benign', 'disruptive', 'destructive'],
      schedule: '0 2 * * 6',
      timeZone: 'Europe/Paris',
      durationMs: 14_400_000,
    },
  ]);
  const [local, infra] = config.sources;
  expect(local?.origin).toEqual({kind: 'folder', folder: '/etc/pvegit/here'});
  expect(infra?.token).toEqual({file: '/etc/pvegit/tokens/git'});
  expect(infra?.secrets).toEqual({folder: '/etc/pvegit/team', env: ['TEAM_*']});
  expect(infra?.intervalMs).toBe(90_000);
  expect(infra?.origin).toMatchObject({
    allowedSigners: '/etc/pvegit/signers',
    ssh: {knownHostsFile: '/etc/pvegit/known', identityFile: null},
  });
});

const quorum = 'policy: {destructive: {approval: {quorum: 2}}}\n';

describe('allowed is', () => {
  test.each([
    ['the network with a token', 'listen: 0.0.0.0:9469\nlistenToken: {env: T}\n'],
    ['the network with TLS', 'listen: 0.0.0.0:9469\ntls: {cert: a, key: b}\n'],
    ['loopback by another name', 'listen: "[::1]:9469"\n'],
    ['a quorum with signed commits', `    verify: {allowedSigners: s}\n${quorum}`],
  ])('%s', (_reason, text) => {
    expect(good(loadText(MINIMAL + text)).installation).toBe('home');
  });
});

test('a source’s origin and secrets fit the rooms that take them', () => {
  const [source] = good(loadText(MINIMAL)).sources;
  const origin: GitSettings | FolderSettings | undefined = source?.origin;
  const scope: SecretScope | undefined = source?.secrets;
  expect([origin?.kind, scope?.env]).toEqual(['git', ['*']]);
});

describe('the environment', () => {
  test('sets any key, at any depth', () => {
    const config = good(
      loadText(MINIMAL, {
        PVEGIT_LISTEN: '127.0.0.1:1',
        PVEGIT_POLICY__BLAST_RADIUS__ACTIONS: '7',
        PVEGIT_POLICY__DESTRUCTIVE__APPROVAL__TERMINAL: 'false',
        PVEGIT_SOURCES__INFRA__BRANCH: 'next',
        PVEGIT_SOURCES__0__SCOPE__NODES: 'pve1, pve2',
        PVEGIT_CLUSTERS__HARNESS__CONCURRENCY: '{"readsPerNode": 9}',
        PVEGIT_CLUSTERS__HARNESS__TOKEN__FILE: '/run/token',
        PVEGIT_LISTEN_TOKEN__ENV: 'LISTEN',
      }),
    );
    expect(config.listen.port).toBe(1);
    expect(config.policy.blastRadius).toEqual({actions: 7, guestsPercent: 20});
    expect(config.policy.destructive).toMatchObject({quorum: 1, terminal: false});
    expect(config.sources[0]).toMatchObject({origin: {branch: 'next'}});
    expect(config.sources[0]?.scope.nodes).toEqual(['pve1', 'pve2']);
    expect(config.clusters['harness']?.concurrency).toMatchObject({
      readsPerNode: 9,
      tasksPerNode: 2,
    });
    expect(config.listenToken).toEqual({env: 'LISTEN'});
  });

  test('is checked like the file, and the variable is named', () => {
    const loaded = loadText(MINIMAL, {PVEGIT_POLICY__DESTRUCTIVE: 'automatic'});
    expect(codesOf(loaded)).toEqual(['config-destructive-automatic']);
    expect(loaded.diagnostics[0]?.detail).toContain('PVEGIT_POLICY__DESTRUCTIVE');
    expect(loaded.diagnostics[0]?.range).toBe(undefined);
  });

  test('never shows a value', () => {
    const loaded = loadText(MINIMAL, {PVEGIT_LISTEN_TOKEN: 'hunter2', PVEGIT_SELF: '"hunter2"'});
    expect(codesOf(loaded)).toContain('config-variable-value');
    expect(JSON.stringify(loaded.diagnostics)).not.toContain('hunter2');
  });

  test('may hold secrets that the file refers to, and those for guests', () => {
    const text = MINIMAL.replace('HARNESS_TOKEN', 'PVEGIT_HARNESS_TOKEN');
    const environment = {PVEGIT_HARNESS_TOKEN: 'x', PVEGIT_SECRET_DB: 'x', PVEGIT_CONFIG: '/x'};
    expect(loadText(text, environment).diagnostics).toEqual([]);
  });

  test('is warned about when a name means nothing', () => {
    const loaded = loadText(MINIMAL, {PVEGIT_LISTN: 'x'});
    expect(good(loaded).listen.port).toBe(9469);
    expect(loaded.diagnostics).toMatchObject([
      {severity: 'warning', code: 'config-variable-unknown', suggestion: 'PVEGIT_LISTEN'},
    ]);
  });
});

test('flags win over the environment and the file, and every value says where it came from', () => {
  const text = `${MINIMAL}listen: 127.0.0.1:1\ndata: /d\n`;
  const environment = {PVEGIT_LISTEN: '127.0.0.1:2', PVEGIT_DATA: '/e'};
  const flag = {path: ['listen'], value: '127.0.0.1:3' satisfies Json, from: '--listen'};
  const loaded = loadText(text, environment, [flag]);
  expect(good(loaded).listen.port).toBe(3);
  const from = Object.fromEntries(
    loaded.settings.map((setting) => [setting.pointer, setting.from]),
  );
  expect(from).toMatchObject({
    '/listen': '--listen',
    '/data': 'PVEGIT_DATA',
    '/installation': 'pvegit.yaml:1',
    '/clusters/harness/token/env': 'pvegit.yaml:6',
    '/policy/benign': 'default',
  });
});

describe('a reload', () => {
  const before = good(loadText(MINIMAL));
  const reload = (text: string) =>
    reloadConfig(before, {text, file: '/etc/pvegit/pvegit.yaml', environment: {}});

  test('takes up what changed', () => {
    const after = reload(MINIMAL.replace('150-299', '150-399'));
    expect(after).toMatchObject({changed: true, diagnostics: []});
    expect(after.config.sources[0]?.scope.vmids[0]).toEqual({from: 150, to: 399});
  });

  test('without a change changes nothing', () => {
    expect(reload(`# a comment\n${MINIMAL}`)).toMatchObject({changed: false, diagnostics: []});
  });

  test('of a bad file keeps the former configuration and says what is wrong', () => {
    const after = reload(MINIMAL.replace('harness:', 'other:'));
    expect(after.config).toBe(before);
    expect(after.changed).toBe(false);
    expect(after.diagnostics.map(({code}) => code)).toEqual(['config-cluster-unknown']);
  });

  test('never takes up another installation', () => {
    const after = reload(MINIMAL.replace('home', 'work'));
    expect(after.config).toBe(before);
    expect(after.diagnostics.map(({code}) => code)).toEqual(['config-installation-changed']);
  });

  test('keeps what is read at the start, with a warning', () => {
    const after = reload(`${MINIMAL}data: /elsewhere\n`);
    expect(after.config.data).toBe('/var/lib/pvegit');
    expect(after.changed).toBe(false);
    expect(after.diagnostics).toMatchObject([{severity: 'warning', code: 'config-restart-needed'}]);
  });
});
