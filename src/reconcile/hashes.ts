// Why this exists: a plan is pure, so whether a secret changed must be known before it is made: as
// a keyed hash, never as the value.
import type {Manifests} from '../core/kind.ts';
import type {FieldValue, SecretRef} from '../core/model.ts';
import type {ClusterParts} from './parts.ts';

/** Keyed hashes by resource key and field path, and the secrets that could not be read. */
export interface SecretHashes {
  readonly hashes: {readonly [key: string]: {readonly [path: string]: string}};
  readonly unreadable: readonly {
    readonly key: string;
    readonly path: string;
    readonly because: string;
  }[];
}

/** Hashes each secret that a desired body refers to. */
export async function hashSecrets(
  parts: ClusterParts,
  manifests: readonly Manifests[],
): Promise<SecretHashes> {
  const hashes: {[key: string]: {[path: string]: string}} = {};
  const unreadable: {key: string; path: string; because: string}[] = [];
  for (const {desired} of manifests) {
    for (const {key, source, body} of desired) {
      for (const [path, value] of Object.entries(body)) {
        const ref = secretRefOf(value);
        if (ref === null) continue;
        const vmid = Number(/^guest\/(\d+)$/.exec(key)?.[1] ?? 0);
        const scope = {cluster: parts.cluster, vmid, field: path};
        const hash = await parts.secrets.hash(source, ref, scope);
        if (hash.ok) hashes[key] = {...hashes[key], [path]: hash.value};
        else unreadable.push({key, path, because: hash.error.message});
      }
    }
  }
  return {hashes, unreadable};
}

function secretRefOf(value: FieldValue): SecretRef | null {
  if (value === null || typeof value !== 'object' || !('secretRef' in value)) return null;
  return value.secretRef;
}
