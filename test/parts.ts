// Why this exists: some suites drive programs or folders that a machine may lack. In CI a missing
// part fails the suite, elsewhere the suite is skipped and says so: it is never silently green.
import {accessSync, constants, existsSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** What a suite may need beside Node: the programs by which a part is recognised. */
const PROGRAMS = {
  git: ['git'],
  ssh: ['ssh', 'ssh-keygen'],
  sshd: ['sshd'],
  curl: ['curl'],
  openssl: ['openssl'],
  prometheus: ['prometheus', 'promtool'],
  chromium: ['chromium'],
  systemd: ['systemd-analyze'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A part: a program of the system, or `shared`, the facts and recordings beside the checkout. */
export type Part = keyof typeof PROGRAMS | 'shared';

/** The folder with facts and recordings; present for developers and in CI. */
export const SHARED: string = fileURLToPath(new URL('../../shared', import.meta.url));

/** What decides how a missing part is taken, and where programs are looked for. */
export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
};

const HERE: Surroundings = {
  env: process.env,
  say: (line) => process.stderr.write(`${line}\n`),
};

/**
 * Whether all parts are there, for `describe.runIf(needs('prometheus'))`. Throws in CI when one is
 * missing; elsewhere says on stderr what is skipped and why.
 */
export function needs(...parts: readonly Part[]): boolean {
  return needsIn(HERE, parts);
}

/** As `needs`, in given surroundings. */
export function needsIn({env, say}: Surroundings, parts: readonly Part[]): boolean {
  const missing = parts.flatMap((part) => missingOf(part, env['PATH'] ?? ''));
  if (missing.length === 0) return true;
  if (env['CI']) throw new Error(`CI lacks ${missing.join(', ')}, which this suite needs`);
  say(`SKIPPED: a suite needs ${missing.join(', ')}, which is not on this machine`);
  return false;
}

/** The absolute path of a program, also of one for administrators; null if it is not there. */
export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | null {
  const folders = [...path.split(delimiter), '/usr/sbin', '/sbin'].filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function missingOf(part: Part, path: string): readonly string[] {
  if (part === 'shared') return existsSync(SHARED) ? [] : ['the folder ../shared'];
  return PROGRAMS[part].filter((name) => findProgram(name, path) === null);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
