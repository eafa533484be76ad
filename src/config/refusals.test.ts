// Why this exists: proves that each mistake and each dangerous setting is refused with its code at
// its line, and that no message holds a secret.
import {describe, expect, test} from 'vitest';
import {codesOf, loadText, MINIMAL, PIN} from '../../test/fixtures/config.ts';
import {CONFIG_CODES} from './codes.ts';

const quorum = 'policy: {destructive: {approval: {quorum: 2}}}\n';
const notAuthor = 'policy: {destructive: {approval: {notAuthor: true}}}\n';

/** Each: what is wrong, its code, the line it is shown at, and the text that shows it. */
const REFUSED: readonly (readonly [string, keyof typeof CONFIG_CODES, number, string])[] = [
  ['no installation', 'config-installation-empty', 1, MINIMAL.replace('installation: home\n', '')],
  ['an empty installation', 'config-installation-empty', 1, MINIMAL.replace('home', "''")],
  ['an installation with spaces', 'config-installation-empty', 1, MINIMAL.replace('home', 'a b')],
  ['listening to the network', 'config-listen-exposed', 12, `${MINIMAL}listen: 0.0.0.0:9469\n`],
  ['listening on a name', 'config-listen-exposed', 12, `${MINIMAL}listen: host.lan:9469\n`],
  ['a port that is none', 'config-listen-port', 12, `${MINIMAL}listen: 127.0.0.1:99999\n`],
  [
    'an endpoint without pins or a caFile',
    'config-endpoint-trust',
    5,
    MINIMAL.replace(`, sha256: ['${PIN}']`, ''),
  ],
  [
    'two clusters with one endpoint',
    'config-endpoint-twice',
    6,
    MINIMAL.replace(
      'clusters:\n',
      "clusters:\n  a: {endpoints: [{url: 'https://PVE1:8006', caFile: x}], token: {env: A}}\n",
    ),
  ],
  [
    'a cluster that is not there',
    'config-cluster-unknown',
    9,
    MINIMAL.replace('cluster: h', 'cluster: H'),
  ],
  [
    'self on a cluster that is not there',
    'config-cluster-unknown',
    12,
    `${MINIMAL}self: {cluster: other, vmid: 110}\n`,
  ],
  [
    'two sources with one name',
    'config-source-twice',
    12,
    `${MINIMAL}  - {name: infra, cluster: harness, folder: x, scope: {vmids: []}}\n`,
  ],
  ['a source without an origin', 'config-source-origin', 8, MINIMAL.replace(/ {4}url.*\n/, '')],
  ['a source with two', 'config-source-origin', 8, `${MINIMAL}    folder: x\n`],
  [
    'a key of repositories beside a folder',
    'config-source-folder-key',
    11,
    MINIMAL.replace(/ {4}url.*\n/, '    folder: x\n    token: {env: A}\n'),
  ],
  [
    'ssh without known hosts',
    'config-source-ssh',
    10,
    MINIMAL.replace('https://git.example/', 'git@h:'),
  ],
  [
    'destructive: automatic',
    'config-destructive-automatic',
    12,
    `${MINIMAL}policy: {destructive: automatic}\n`,
  ],
  ['a quorum without signed commits', 'config-approval-unverified', 12, MINIMAL + quorum],
  ['notAuthor without signed commits', 'config-approval-unverified', 12, MINIMAL + notAuthor],
  ['a reversed range', 'config-vmids-reversed', 11, MINIMAL.replace('150-299', '299-150')],
  ['a duration of zero', 'config-duration-zero', 12, `${MINIMAL}    interval: 0s\n`],
  [
    'a time zone that is not known',
    'config-window-time-zone',
    12,
    `${MINIMAL}policy: {windows: [{schedule: 0 2 * * 6, timeZone: Mars/One, duration: 1h}]}\n`,
  ],
  [
    'a schedule that cannot be read',
    'config-window-schedule',
    12,
    `${MINIMAL}policy: {windows: [{schedule: 0 25 * * 6, duration: 1h}]}\n`,
  ],
  [
    'a schedule that never opens',
    'config-window-schedule',
    12,
    `${MINIMAL}policy: {windows: [{schedule: 0 2 30 2 *, duration: 1h}]}\n`,
  ],
  [
    'a secret in clear text',
    'config-secret-literal',
    6,
    MINIMAL.replace('{env: HARNESS_TOKEN}', 'hunter2'),
  ],
  ['a misspelt key', 'config-unknown-key', 12, `${MINIMAL}    intervall: 5s\n`],
  ['a missing key', 'config-required', 8, MINIMAL.replace(/ {4}scope.*\n/, '')],
  ['a wrong type', 'config-type', 12, `${MINIMAL}data: [a]\n`],
  ['a wrong choice', 'config-value', 12, `${MINIMAL}policy: {benign: automatc}\n`],
  ['http to Proxmox', 'config-value', 5, MINIMAL.replace('https://pve1', 'http://pve1')],
  ['a VMID below 100', 'config-value', 11, MINIMAL.replace('310', '31')],
  ['a cluster with a capital', 'config-value', 3, MINIMAL.replaceAll('harness:', 'Harness:')],
  ['broken YAML', 'config-yaml', 12, `${MINIMAL}data: a: b\n`],
  ['a key twice', 'config-yaml', 12, `${MINIMAL}installation: other\n`],
  ['an alias', 'config-yaml-feature', 12, `${MINIMAL}data: *x\n`.replace('home', '&x home')],
  ['a merge key', 'config-yaml-feature', 12, `${MINIMAL}"<<": {}\n`],
  ['two documents', 'config-yaml-feature', 12, `${MINIMAL}---\na: 1\n`],
  ['a list', 'config-not-a-map', 1, '- a\n'],
  ['a file of two megabytes', 'config-too-large', 1, `# ${'x'.repeat(2_000_000)}`],
];

describe('refused, at its line, is', () => {
  test.each(REFUSED)('%s', (_reason, code, line, text) => {
    const loaded = loadText(text);
    expect(loaded.config).toBe(null);
    const found = loaded.diagnostics.find((diagnostic) => diagnostic.code === code);
    expect(codesOf(loaded)).toContain(code);
    expect(found?.range?.start.line).toBe(line);
    expect(found?.frame).toContain('^');
    expect(found?.remedy).not.toBe(undefined);
    expect(JSON.stringify(loaded.diagnostics)).not.toContain('hunter2');
  });

  test('everything at once', () => {
    const loaded = loadText(
      `${MINIMAL}listen: 0.0.0.0:1\npolicy: {destructive: {approval: {quorum: 2}}}\n`,
    );
    expect(codesOf(loaded)).toEqual(['config-listen-exposed', 'config-approval-unverified']);
  });

  test('a misspelt key with what was meant', () => {
    const [found] = loadText(`${MINIMAL}    intervall: 5s\n`).diagnostics;
    expect(found?.suggestion).toBe('interval');
  });
});

test('every code of the room is shown by a case of this file', () => {
  const shown = new Set<string>(REFUSED.map(([, code]) => code));
  const elsewhere = [
    'config-variable-unknown',
    'config-variable-value',
    'config-installation-changed',
    'config-restart-needed',
  ];
  const missing = Object.keys(CONFIG_CODES).filter(
    (code) => !shown.has(code) && !elsewhere.includes(code),
  );
  expect(missing).toEqual([]);
});
