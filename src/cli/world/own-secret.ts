// Why this exists: the controller's own secrets (tokens) come from a variable or a file, are read
// when they are used, and never appear in a message.
import {readFile} from 'node:fs/promises';
import type {SecretSource} from '../../config/model.ts';
import {err, ok, type Result} from '../../core/result.ts';

type Environment = {readonly [name: string]: string | undefined};

/** The value, or why there is none; the message names the place, never the value. */
export async function ownSecret(
  source: SecretSource,
  environment: Environment,
): Promise<Result<string, {readonly message: string}>> {
  if ('env' in source) {
    const value = environment[source.env];
    if (value === undefined || value === '') return err({message: `${source.env} is not set`});
    return ok(value.trim());
  }
  try {
    const value = (await readFile(source.file, 'utf8')).trim();
    return value === '' ? err({message: `${source.file} is empty`}) : ok(value);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return err({message: `${source.file} cannot be read (${code})`});
  }
}
