// Why this exists: a repository also holds playbooks, compose files and Kubernetes objects. What is
// meant as a manifest of ours but misspelt must be an error, and what is not must not be one.
import {isObject, type Json} from '../core/json.ts';
import {editDistance, suggest} from '../core/suggest.ts';

/** The API group of all manifests. */
export const API_GROUP = 'pvegit';

/** The one version that this program reads. */
export const API_VERSION = `${API_GROUP}/v1`;

/**
 * Whether a document is meant as a manifest of ours. In doubt it is: an error asks a person, while
 * an ignored manifest looks as if it had been deleted.
 */
export function isOurs(value: Json | undefined, text: string, kinds: readonly string[]): boolean {
  if (mentionsUs(text)) return true;
  if (!isObject(value)) return false;
  const {apiVersion, kind} = value;
  if (typeof apiVersion === 'string' && apiVersion !== '') {
    const group = apiVersion.split('/')[0] ?? '';
    return editDistance(group.slice(0, 16).toLowerCase(), API_GROUP) <= 2;
  }
  if (typeof kind !== 'string') return isObject(value['spec']) && isObject(value['metadata']);
  return suggest(kind, kinds) !== undefined || isObject(value['spec']);
}

/** True for a text that names our API group as a value, whatever else is wrong with it. */
function mentionsUs(text: string): boolean {
  return /(?:^|[\s{,"'])apiVersion["']?\s*:\s*["']?pvegit\b/m.test(text);
}

/** What an unreadable text still tells: the keys it probably claims, and if it is a Defaults. */
export function guess(text: string): {
  readonly vmids: readonly number[];
  readonly kind: string | null;
} {
  const numbers = text.matchAll(/(?:^|[\s{,"'])vmid(?:Start)?["']?\s*:\s*["']?(\d{3,9})\b/gm);
  const kind = /(?:^|[\s{,"'])kind["']?\s*:\s*["']?([A-Za-z]{1,40})/m.exec(text)?.[1] ?? null;
  return {vmids: Array.from(numbers, (match) => Number(match[1])), kind};
}
