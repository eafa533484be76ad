// Why this exists: a unit file that systemd refuses, or that lost a line of its hardening, is found
// here and not on the machine that it should protect.
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {needs} from './parts.ts';

const top = fileURLToPath(new URL('..', import.meta.url));
const unit = readFileSync(join(top, 'deploy/pvegit.service'), 'utf8');
const container = readFileSync(join(top, 'deploy/Containerfile'), 'utf8');

describe('the systemd unit', () => {
  it.each([
    {line: 'User=pvegit', reason: 'it is not root'},
    {line: 'NoNewPrivileges=yes', reason: 'it cannot become root'},
    {line: 'CapabilityBoundingSet=', reason: 'it has no capability'},
    {line: 'ProtectSystem=strict', reason: 'the system is read-only'},
    {line: 'ProtectHome=yes', reason: 'homes are not seen'},
    {line: 'PrivateDevices=yes', reason: 'devices are not seen'},
    {line: 'StateDirectory=pvegit', reason: 'the data folder is the one place to write'},
    {line: 'StateDirectoryMode=0700', reason: 'the journal belongs to one user'},
    {line: 'UMask=0077', reason: 'so do new files'},
    {line: 'Environment=MALLOC_ARENA_MAX=1', reason: 'it needs no second start (bin/lean.mjs)'},
    {line: 'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX', reason: 'it speaks IP only'},
  ])('keeps $line: $reason', ({line}) => {
    expect(unit.split('\n')).toContain(line);
  });

  it('gives a clean stop the ten seconds that it may take', () => {
    const seconds = Number(/^TimeoutStopSec=(\d+)s$/m.exec(unit)?.[1]);
    expect(seconds).toBeGreaterThan(10);
  });

  it.runIf(needs('systemd'))('is accepted by systemd', () => {
    const folder = mkdtempSync(join(tmpdir(), 'unit-'));
    try {
      const file = join(folder, 'pvegit.service');
      // The place of Node differs from machine to machine, and verify looks whether it is there.
      writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
      expect(verify(file)).toBe('');
      writeFileSync(file, unit.replace('Type=exec', 'Type=nonsense'));
      expect(verify(file)).toContain('nonsense');
    } finally {
      rmSync(folder, {recursive: true});
    }
  });
});

describe('the container', () => {
  const final = container.slice(container.lastIndexOf('\nFROM '));

  it('runs as a user without rights', () => {
    const user = /^USER (.+)$/m.exec(final)?.[1];
    expect(user).toBe('node');
    expect(final.indexOf('ENTRYPOINT')).toBeGreaterThan(final.indexOf('USER node'));
  });

  it('copies only what is in the repository', () => {
    const sources = [...container.matchAll(/^COPY (?!--from)(.+) \S+$/gm)]
      .flatMap((match) => (match[1] ?? '').split(' '))
      .filter((source) => source !== '');
    expect(sources).toContain('package.json');
    expect(sources.filter((source) => !existsSync(join(top, source)))).toEqual([]);
  });
});

/** What systemd has to say against a unit; empty if nothing. */
function verify(file: string): string {
  const args = ['verify', '--recursive-errors=no', '--man=no', file];
  return spawnSync('systemd-analyze', args, {encoding: 'utf8'}).stderr;
}
