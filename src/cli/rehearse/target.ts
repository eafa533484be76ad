// Why this exists: an upgrade of Proxmox VE is rehearsed before it: every request that manifests
// could lead to is held against the API of the release that is to come.
import type {Manifests, ResourceKind} from '../../core/kind.ts';
import type {Desired, SourceRange} from '../../core/model.ts';
import {checkCall} from '../../pve/api/check-call.ts';
import type {ApiRelease} from '../../pve/api/methods.ts';
import {type PossibleCall, rehearse} from './calls.ts';

/** Something that would break. */
export interface TargetProblem {
  readonly key: string;
  readonly name: string;
  /** Parameter of the request; null for the request itself. */
  readonly param: string | null;
  readonly because: string;
  /** The request that would be refused. */
  readonly says: string;
  /** Where the manifests ask for it. */
  readonly range: SourceRange | null;
}

/** What was held against a release. */
export interface TargetCheck {
  readonly release: ApiRelease;
  /** Number of requests that were looked at. */
  readonly requests: number;
  readonly problems: readonly TargetProblem[];
}

/** Holds every request that the manifests could lead to against a release's API. */
export function checkTarget(
  manifests: Manifests,
  kinds: readonly ResourceKind[],
  release: ApiRelease,
): TargetCheck {
  const {calls, reads} = rehearse({
    manifests,
    kinds,
    installation: 'rehearsal',
    cluster: 'rehearsal',
    release,
    real: null,
  });
  const wanted = new Map(manifests.desired.map((desired) => [desired.key, desired]));
  const problems = new Map<string, TargetProblem>();
  for (const possible of [...calls, ...reads]) {
    for (const {param, because} of checkCall(release, possible.call)) {
      const {key, name, says} = possible;
      const range = placeOf(param, possible, wanted.get(key));
      const id = [key, param, because].join('\n');
      if (!problems.has(id)) problems.set(id, {key, name, param, because, says, range});
    }
  }
  return {release, requests: calls.length + reads.length, problems: [...problems.values()]};
}

/** The field that a parameter came from: the one that is called so, else the document. */
function placeOf(
  param: string | null,
  {range}: PossibleCall,
  desired: Desired | undefined,
): SourceRange | null {
  const places = Object.entries(desired?.ranges ?? {});
  const named = places.find(([path]) => param !== null && path.split('.').includes(param));
  return named?.[1] ?? range ?? desired?.range ?? null;
}
