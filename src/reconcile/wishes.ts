// Why this exists: an action that takes minutes asks before each step whether it is still wanted.
// Who cannot be asked has not said yes: a deletion above all waits for a clear word (safety.md 9).
import type {Wishes} from '../apply/applier.ts';
import type {Action} from '../core/action.ts';
import type {Manifests} from '../core/kind.ts';
import type {ResourceKey} from '../core/model.ts';
import {wantedHash} from '../core/record.ts';
import type {Followed} from './follow.ts';

/** What the sources say of every resource, as they were last read. */
export function wishesOf(
  followed: ReadonlyMap<string, Pick<Followed, 'error'>>,
  manifests: readonly Manifests[],
  quorate: boolean | null,
): Wishes {
  const wanted = new Map<ResourceKey, string>();
  for (const {desired} of manifests) {
    for (const one of desired) wanted.set(one.key, wantedHash(one) ?? '');
  }
  const bySource = new Map(manifests.map((one) => [one.source, one]));
  const unsaid = (action: Action): string | null => {
    const {key, source} = action;
    if (quorate === false) return 'the cluster has no quorum';
    const claimant = manifests.find(({claimed}) => claimed.includes(key));
    if (claimant) return `a document with errors in ${claimant.source} claims it`;
    // What some document wants is said clearly, whoever else is silent.
    if (wanted.has(key)) return null;
    const own = bySource.get(source);
    if (own === undefined) return `its source ${source} could not be read`;
    if (action.record?.wanted !== null) return null;
    if (!followed.has(source) || followed.get(source)?.error) {
      return `its source ${source} could not be read`;
    }
    return own.complete ? null : `its source ${source} has documents with errors`;
  };
  return {wanted, unsaid};
}
