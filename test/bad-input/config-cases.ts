// Why this exists: the configuration's mistakes are people's mistakes too; each code is shown by a
// text that differs from the smallest good one in one place.
import {loadConfig, reloadConfig} from '../../src/config/load-config.ts';
import type {Diagnostic} from '../../src/core/model.ts';
import {loadText, MINIMAL} from '../fixtures/config.ts';

function added(line: string): readonly Diagnostic[] {
  return loadText(`${MINIMAL}${line}\n`).diagnostics;
}

function changed(from: string | RegExp, to: string): readonly Diagnostic[] {
  return loadText(MINIMAL.replace(from, () => to)).diagnostics;
}

function reloaded(text: string): readonly Diagnostic[] {
  const {config} = loadText(MINIMAL);
  if (config === null) throw new Error('the smallest configuration is good');
  return reloadConfig(config, {text, file: '/etc/pvegit/pvegit.yaml', environment: {}}).diagnostics;
}

function window(schedule: string): string {
  return `policy: {windows: [{schedule: ${schedule}, duration: 1h}]}`;
}

/** What is told of each, by its name; a name that is a code shows that code. */
export const CONFIG_CASES: {readonly [name: string]: () => readonly Diagnostic[]} = {
  'config-too-large': () => loadText(`# ${'x'.repeat(2_000_000)}`).diagnostics,
  'config-yaml': () => added('data: a: b'),
  'config-yaml-feature': () => added('"<<": {}'),
  'config-not-a-map': () => loadText('- a\n').diagnostics,
  'config-required': () => changed(/ {4}scope.*\n/, ''),
  'config-unknown-key': () => added('    intervall: 5s'),
  'config-type': () => added('data: [a]'),
  'config-value': () => added('policy: {benign: automatc}'),
  'config-secret-literal': () => changed('{env: HARNESS_TOKEN}', 'hunter2'),
  'config-variable-unknown': () => loadText(MINIMAL, {PVEGIT_LISTN: '127.0.0.1:1'}).diagnostics,
  'config-variable-value': () => loadText(MINIMAL, {PVEGIT_LISTEN_TOKEN: 'hunter2'}).diagnostics,
  'config-installation-empty': () => changed('installation: home\n', ''),
  'config-installation-changed': () => reloaded(MINIMAL.replace('home', 'other')),
  'config-restart-needed': () => reloaded(`${MINIMAL}listen: 127.0.0.1:9999\n`),
  'config-listen-exposed': () => added('listen: 0.0.0.0:9469'),
  'config-listen-port': () => added('listen: 127.0.0.1:99999'),
  'config-endpoint-trust': () => changed(/, sha256: \[[^\]]*\]/, ''),
  'config-endpoint-twice': () =>
    changed(
      'clusters:\n',
      "clusters:\n  a: {endpoints: [{url: 'https://PVE1:8006', caFile: x}], token: {env: A}}\n",
    ),
  'config-source-twice': () =>
    added('  - {name: infra, cluster: harness, folder: x, scope: {vmids: []}}'),
  'config-source-origin': () => changed(/ {4}url.*\n/, ''),
  'config-source-folder-key': () => changed(/ {4}url.*\n/, '    folder: x\n    token: {env: A}\n'),
  'config-source-ssh': () => changed('https://git.example/', 'git@h:'),
  'config-cluster-unknown': () => added('self: {cluster: other, vmid: 110}'),
  'config-destructive-automatic': () => added('policy: {destructive: automatic}'),
  'config-approval-unverified': () => added('policy: {destructive: {approval: {quorum: 2}}}'),
  'config-window-time-zone': () =>
    added('policy: {windows: [{schedule: 0 2 * * 6, timeZone: Mars/One, duration: 1h}]}'),
  'config-window-schedule': () => added(window('0 25 * * 6')),
  'config-vmids-reversed': () => changed('150-299', '299-150'),
  'config-duration-zero': () => added('    interval: 0s'),
  'config-good': () =>
    loadConfig({text: MINIMAL, file: '/etc/pvegit/pvegit.yaml', environment: {}}).diagnostics,
};
