// Why this exists: an approval names one action on one live state, so anyone must compute the same
// name for it from Git and live (safety.md 4).
import type {Change, Verb} from '../core/action.ts';
import {canonicalJson, sha256Hex} from '../core/canonical.ts';
import type {Json, JsonObject} from '../core/json.ts';
import type {FieldValue, KindName, ResourceKey} from '../core/model.ts';

/** What an action's fingerprint covers; commit, digest, cause, node and time are left out. */
export interface FingerprintInput {
  readonly installation: string;
  readonly cluster: string;
  readonly kind: KindName;
  readonly key: ResourceKey;
  readonly vmid: number | null;
  readonly witness: string | null;
  readonly verb: Verb;
  readonly changes: readonly Change[];
  readonly facts: JsonObject;
}

/** 64 hex digits; the order of the changes does not matter. */
export function fingerprint(input: FingerprintInput): string {
  const changes = input.changes
    .map((change): Json => [change.field, plain(change.from), toOf(change)])
    .sort(byText);
  return sha256Hex(
    canonicalJson({
      v: 1,
      installation: input.installation,
      cluster: input.cluster,
      kind: input.kind,
      key: input.key,
      vmid: input.vmid,
      witness: input.witness,
      verb: input.verb,
      changes,
      facts: input.facts,
    }),
  );
}

function toOf(change: Change): Json {
  return isSecret(change.from) || isSecret(change.to) ? 'changed' : plain(change.to);
}

function plain(value: FieldValue | undefined): Json {
  if (value === undefined || value === null) return null;
  if (isSecret(value)) return null;
  if (typeof value === 'object') return [...value];
  return value;
}

function byText(a: Json, b: Json): number {
  const [left, right] = [canonicalJson(a), canonicalJson(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** True for a reference to a secret, whose value the plan never knows. */
export function isSecret(
  value: FieldValue | undefined,
): value is {readonly secretRef: {readonly name: string; readonly key: string}} {
  return typeof value === 'object' && value !== null && 'secretRef' in value;
}
