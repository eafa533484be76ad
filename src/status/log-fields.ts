// Why this exists: a log line must never hold a secret (safety.md 2.8). Redaction by path cannot
// see into nested values or error texts, so every value is walked before it is written.
import type {Json, JsonObject} from '../core/json.ts';
import {SecretText} from '../core/secret-text.ts';

const HIDDEN = '(secret)';
const SECRET_KEY =
  /(?:token|password|passwd|passphrase|secret|authorization|cookie|credentials?|private[-_]?key)$/i;
/** Proxmox tokens, and user and password in a URL, hide in texts that others wrote. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/(PVEAPIToken=|Bearer\s+|Basic\s+)[^\s"',;]+/gi, `$1${HIDDEN}`],
  [/(\b[\w.@-]+![\w.-]+=)[^\s"',;]+/g, `$1${HIDDEN}`],
  [/(:\/\/)[^/\s@]+@/g, `$1${HIDDEN}@`],
];
/** A field is for reading in a line; whatever is longer or deeper belongs elsewhere. */
const LONGEST_TEXT = 4_000;
const DEEPEST = 6;
const LONGEST_LIST = 100;

/** The fields as they may be written: secrets by type, by key and by shape are `(secret)`. */
export function safeFields(fields: {readonly [key: string]: unknown}): JsonObject {
  return object(fields, 0);
}

/** A text as it may be written. */
export function safeText(text: string): string {
  const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  return SECRET_TEXTS.reduce((so, [pattern, by]) => so.replace(pattern, by), cut);
}

function object(value: {readonly [key: string]: unknown}, depth: number): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isSecret = SECRET_KEY.test(key) && (typeof inner === 'string' || isHolder(inner));
      return [key, isSecret ? HIDDEN : safe(inner, depth + 1)];
    }),
  );
}

function isHolder(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function safe(value: unknown, depth: number): Json | undefined {
  if (value === null || value === undefined || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') return safeText(value);
  if (typeof value !== 'object') return safeText(String(value));
  if (value instanceof SecretText) return HIDDEN;
  if (depth > DEEPEST) return '…';
  if (value instanceof Error) return failure(value, depth);
  if (Array.isArray(value)) {
    return value.slice(0, LONGEST_LIST).map((item) => safe(item, depth + 1) ?? null);
  }
  return object({...value}, depth);
}

function failure(error: Error, depth: number): JsonObject {
  const cause = error.cause === undefined ? {} : {cause: safe(error.cause, depth + 1)};
  return {name: error.name, message: safeText(error.message), ...cause};
}
