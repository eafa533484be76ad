// Why this exists: the version is written once, in package.json.
import {readFileSync} from 'node:fs';
import {isObject} from '../core/json.ts';

/** The program's version, such as `0.1.0`. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const content: unknown = JSON.parse(text);
  return isObject(content) && typeof content['version'] === 'string' ? content['version'] : '0';
}
