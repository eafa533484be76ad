// Why this exists: Proxmox repeats the value it refuses (`got 'x'`), and a refused password would
// so reach logs and outcomes. What was sent as a secret is taken out of every text that comes back.
import type {PveError} from '../core/model.ts';
import type {FormParams} from './form.ts';

const SECRET_NAMES = /pass|secret|token|private|key$/i;

/** The error with the values of secret parameters replaced by `(secret)`. */
export function withoutSecrets(error: PveError, params: FormParams): PveError {
  const secrets = Object.entries(params).flatMap(([key, value]) =>
    SECRET_NAMES.test(key) ? [value].flat().map(String) : [],
  );
  const found = secrets.filter((secret) => secret !== '');
  if (found.length === 0) return error;
  const clean = (text: string): string =>
    found.reduce((left, secret) => left.replaceAll(secret, '(secret)'), text);
  const errors = Object.fromEntries(
    Object.entries(error.errors).map(([key, text]) => [key, clean(text)]),
  );
  return {...error, message: clean(error.message), errors};
}
