// Why this exists: the two places from which a value may come, the environment and a file, each
// with what must not be reachable through it.
import {constants} from 'node:fs';
import {open, realpath} from 'node:fs/promises';
import {isAbsolute, resolve, sep} from 'node:path';
import {err, ok, type Result} from '../core/result.ts';
import {SecretText} from '../core/secret-text.ts';

/** Where a value is. */
export type Reference = {readonly env: string} | {readonly file: string};

/** Why there is no value; never part of it. */
export interface SecretFailure {
  readonly message: string;
}

/** What a reference may reach. */
export interface Reach {
  readonly environment: {readonly [name: string]: string | undefined};
  /** A name that may not be read although it is set. */
  readonly forbids: (name: string) => boolean;
  /** Files must lie below it, links resolved; relative paths start there. Null: no file at all. */
  readonly folder: string | null;
  /** Told once a read that a file can be read by others; the path only. */
  readonly onOpenFile: (path: string) => void;
}

/** The reach of the controller's own configuration: whoever writes it may read everything. */
export function ownReach(
  environment: Reach['environment'],
  onOpenFile: Reach['onOpenFile'],
): Reach {
  return {environment, forbids: () => false, folder: sep, onOpenFile};
}

/** Reads a value. Empty values, NULs and what is not UTF-8 are failures: nobody means them. */
export async function readReference(
  reference: Reference,
  reach: Reach,
): Promise<Result<SecretText, SecretFailure>> {
  return 'env' in reference ? readEnv(reference.env, reach) : readFileIn(reference.file, reach);
}

function readEnv(name: string, reach: Reach): Result<SecretText, SecretFailure> {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return fail('a variable’s name is not one');
  if (reach.forbids(name)) return fail(`the variable ${name} is the controller’s own`);
  const value = Object.hasOwn(reach.environment, name) ? reach.environment[name] : undefined;
  if (value === undefined) return fail(`the variable ${name} is not set`);
  return checked(value, `the variable ${name}`);
}

/** More than any key, certificate or password needs. */
const MAX_BYTES = 64 * 1024;

async function readFileIn(path: string, reach: Reach): Promise<Result<SecretText, SecretFailure>> {
  const {folder} = reach;
  if (folder === null) return fail('no folder for secret files is configured (`secrets.folder`)');
  if (path.split(/[\\/]/).includes('..')) return fail('the path of a secret file holds `..`');
  if (/[\u0000-\u001f\u007f]/.test(path)) return fail('the path of a secret file is not plain');
  const asked = isAbsolute(path) ? path : resolve(folder, path);
  const shown = `the secret file ${path}`;
  try {
    const target = await realpath(asked);
    const root = await realpath(folder);
    if (!target.startsWith(root === sep ? sep : root + sep))
      return fail(`${shown} lies outside of the secrets folder`);
    const file = await open(
      target,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const about = await file.stat();
      if (!about.isFile()) return fail(`${shown} is not a file`);
      if (about.size > MAX_BYTES) return fail(`${shown} is larger than ${MAX_BYTES} bytes`);
      if ((about.mode & 0o077) !== 0) reach.onOpenFile(path);
      const bytes = await file.readFile();
      const text = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
      return checked(text.replace(/\r?\n$/, ''), shown);
    } finally {
      await file.close();
    }
  } catch (error) {
    return fail(`${shown} cannot be read (${codeOf(error)})`);
  }
}

function checked(value: string, shown: string): Result<SecretText, SecretFailure> {
  if (value === '') return fail(`${shown} is empty`);
  if (value.includes('\0')) return fail(`${shown} holds a NUL character`);
  return ok(new SecretText(value));
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function fail(message: string): Result<never, SecretFailure> {
  return err({message});
}
