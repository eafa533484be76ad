// Why this exists: Proxmox answers `/pending` with a list of values in force, pending values and
// pending deletions, each sometimes a number, sometimes text; everything else reads one of two
// maps.
import {isObject, type Json, type JsonObject} from '../../core/json.ts';
import type {Observed} from '../../core/model.ts';

/** A guest's configuration as text by key, as Proxmox spells it. */
export type LiveConfig = ReadonlyMap<string, string>;

/**
 * What `/pending` says: the configuration with pending work merged in, and the one in force; the
 * same map where nothing is pending, as for nearly every guest of a large fleet.
 */
export interface PendingConfig {
  readonly configured: LiveConfig;
  readonly active: LiveConfig;
  readonly digest: string | null;
}

/** Reads the answer of `/pending`; null when it is no such list. */
export function readPending(data: Json): PendingConfig | null {
  if (!Array.isArray(data)) return null;
  const configured = new Map<string, string>();
  const differing = new Map<string, string | null>();
  let digest: string | null = null;
  for (const entry of data) {
    if (!isObject(entry) || typeof entry['key'] !== 'string') return null;
    const key = entry['key'];
    const value = text(entry['value']);
    if (key === 'digest') {
      digest = value;
      continue;
    }
    const wanted = text(entry['pending']) ?? (isDeleted(entry['delete']) ? null : value);
    if (wanted !== null) configured.set(key, wanted);
    if (wanted !== value) differing.set(key, value);
  }
  return {configured, active: activeBeside(configured, differing), digest};
}

function activeBeside(
  configured: LiveConfig,
  differing: ReadonlyMap<string, string | null>,
): LiveConfig {
  if (differing.size === 0) return configured;
  const active = new Map(configured);
  for (const [key, value] of differing) {
    if (value === null) active.delete(key);
    else active.set(key, value);
  }
  return active;
}

/** The configuration of an observed guest, pending merged in. */
export function configuredOf(observed: Observed): LiveConfig {
  return mapOf(observed.raw['configured']);
}

/** The configuration of an observed guest that is in force. */
export function activeOf(observed: Observed): LiveConfig {
  return mapOf(observed.raw['active']);
}

/** As kept in an observation. */
export function rawConfig({configured, active}: PendingConfig): JsonObject {
  const wanted = Object.fromEntries(configured);
  return {
    configured: wanted,
    active: active === configured ? wanted : Object.fromEntries(active),
  };
}

function mapOf(value: Json | undefined): LiveConfig {
  const map = new Map<string, string>();
  if (!isObject(value)) return map;
  for (const [key, item] of Object.entries(value)) if (typeof item === 'string') map.set(key, item);
  return map;
}

function text(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return typeof value === 'boolean' ? (value ? '1' : '0') : null;
}

function isDeleted(value: unknown): boolean {
  return value !== undefined && value !== null && value !== 0 && value !== '0' && value !== false;
}
