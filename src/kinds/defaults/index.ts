// Why this exists: what the guests of a folder share is written once. What must differ between them
// (identity, addresses, volumes) or must be asked for by name (secrets) is refused here.
import {diagnose} from '../../core/diagnostic.ts';
import {isObject, type JsonObject} from '../../core/json.ts';
import type {ManifestDocument, RecordKind} from '../../core/kind.ts';
import type {Diagnostic} from '../../core/model.ts';
import {DEFAULTS_CODES} from './codes.ts';
import {DEFAULTS_SCHEMA} from './schema.ts';

/** The kind Defaults. */
export const defaults: RecordKind = {
  role: 'record',
  name: 'Defaults',
  schema: DEFAULTS_SCHEMA,
  partials,
};

function partials(document: ManifestDocument): {
  readonly partials: {readonly [kind: string]: JsonObject};
  readonly diagnostics: readonly Diagnostic[];
} {
  const spec = document.value['spec'];
  const found: {[kind: string]: JsonObject} = {};
  const diagnostics: Diagnostic[] = [];
  for (const [kind, partial] of Object.entries(isObject(spec) ? spec : {})) {
    if (!isObject(partial)) continue;
    // Safe: a part of a JSON value.
    found[kind] = partial as JsonObject;
    diagnostics.push(...refusals(document, partial, {pointer: `/spec/${kind}`, depth: 0}));
  }
  return {partials: found, diagnostics};
}

interface Place {
  readonly pointer: string;
  /** 0 for the fields of the spec itself. */
  readonly depth: number;
}

function refusals(
  document: ManifestDocument,
  map: {readonly [key: string]: unknown},
  place: Place,
): readonly Diagnostic[] {
  return Object.entries(map).flatMap(([key, value]) => {
    const pointer = `${place.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const refused = refusal(key, value, place.depth);
    if (refused !== null) {
      const range = document.ranges[`#${pointer}`] ?? document.ranges[pointer] ?? document.range;
      return [diagnose(DEFAULTS_CODES, refused.code, {range, ...refused.words})];
    }
    const below = {pointer, depth: place.depth + 1};
    return isObject(value) ? refusals(document, value, below) : [];
  });
}

interface Refusal {
  readonly code: keyof typeof DEFAULTS_CODES;
  readonly words: {readonly detail: string; readonly remedy: string};
}

const IDENTITY = new Set(['vmid', 'vmidStart', 'name', 'prefix']);

function refusal(key: string, value: unknown, depth: number): Refusal | null {
  if (depth === 0 && IDENTITY.has(key)) {
    const detail = `${key} belongs to one guest; here it would hold for every one of the folder.`;
    return {code: 'defaults-identity', words: {detail, remedy: 'Write it in each manifest.'}};
  }
  if (isAddress(key, value, depth)) {
    const detail = 'Two guests with one address take each other off the network.';
    const remedy = 'Write it in each manifest; here "dhcp", "auto" and the gateway may stand.';
    return {code: 'defaults-address', words: {detail, remedy}};
  }
  if (key === 'mac') {
    const detail = 'Two guests with one MAC address take each other off the network.';
    return {code: 'defaults-mac', words: {detail, remedy: 'Write it in each manifest.'}};
  }
  if (key === 'secretRef' || (isObject(value) && 'secretRef' in value)) {
    const detail = 'Who gets a secret is decided guest by guest.';
    return {code: 'defaults-secret', words: {detail, remedy: 'Refer to it in each manifest.'}};
  }
  if (key === 'file' && typeof value === 'string' && /(?:vm|base)-\d+-disk/.test(value)) {
    const detail = 'A volume belongs to one guest.';
    return {code: 'defaults-volume', words: {detail, remedy: 'Write it in that manifest.'}};
  }
  return null;
}

function isAddress(key: string, value: unknown, depth: number): boolean {
  if (depth === 0 && key === 'addresses') return true;
  if (key !== 'ip' && key !== 'ip6') return false;
  return value !== null && value !== 'dhcp' && value !== 'auto' && value !== 'manual';
}
