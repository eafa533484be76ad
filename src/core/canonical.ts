// Why this exists: fingerprints and hashes are computed by anyone from the same value, so the value
// needs one spelling: RFC 8785 (keys sorted by UTF-16 code unit, ECMAScript numbers, no spaces).
import {sha256} from '@noble/hashes/sha2.js';
import {utf8ToBytes} from '@noble/hashes/utils.js';
import type {Json, JsonObject} from './json.ts';

/** The one JSON text of a value. Keys whose value is undefined are left out. */
export function canonicalJson(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    let members = '';
    // The order of UTF-16 code units is that of `sort`.
    // Safe: lists were told apart above, and what is left is an object of JSON values.
    const entries = value as JsonObject;
    for (const key of Object.keys(entries).sort()) {
      const item = entries[key];
      if (item === undefined) continue;
      members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(item)}`;
    }
    return `{${members}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 of a text (UTF-8), or of bytes, as 64 lower-case hex digits. */
export function sha256Hex(input: string | Uint8Array): string {
  return hexOf(sha256(typeof input === 'string' ? utf8ToBytes(input) : input));
}

/** In one piece: a text that is joined from 32 pieces keeps all of them, in every record. */
function hexOf(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (const byte of bytes) codes.push(digit(byte >> 4), digit(byte & 15));
  return String.fromCharCode(...codes);
}

function digit(value: number): number {
  return value + (value < 10 ? 48 : 87);
}

/** Names a set of actions by their fingerprints, in whatever order; null for none (safety.md 9). */
export function setFingerprint(fingerprints: readonly string[]): string | null {
  if (fingerprints.length === 0) return null;
  return sha256Hex(canonicalJson([...fingerprints].sort()));
}
