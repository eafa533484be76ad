// Why this exists: tags may be free, listed, only those in use, or registered; who may set or take
// one is decided tag by tag (facts.md section 15).
import {forbid} from '../failure.ts';
import {may} from '../permission.ts';
import type {Request} from './access-checks.ts';
import {requireOnGuest} from './access-checks.ts';

/** Require what each added or removed tag asks for; 403 names the tag. */
export function requireTags(request: Request, before: string, after: string): void {
  const {context} = request;
  const old = new Set(split(before));
  const fresh = new Set(split(after));
  const changed = [...old.symmetricDifference(fresh)];
  requireOnGuest(request, ['VM.Config.Options']);
  if (changed.length === 0 || may(context, '/', ['Sys.Modify'])) return;
  const {cluster} = context;
  const registered = new Set(split(cluster.options.get('registered-tags') ?? ''));
  const allowed = allowedTags(request);
  for (const tag of changed) {
    if (registered.has(tag) || allowed?.has(tag) === false) {
      forbid(`/, Sys.Modify for modifying tag '${tag}'`);
    }
  }
}

/** The tags a user without Sys.Modify may use; undefined when all are free. */
function allowedTags({context}: Request): ReadonlySet<string> | undefined {
  const {cluster} = context;
  const access = cluster.options.get('user-tag-access') ?? '';
  const mode = /user-allow=(\w+)/.exec(access)?.[1] ?? 'free';
  if (mode === 'free') return undefined;
  const listed = split(/user-allow-list=([^,]*)/.exec(access)?.[1] ?? '');
  if (mode === 'none') return new Set();
  if (mode === 'list') return new Set(listed);
  const seen = [...cluster.guests.values()].filter(({vmid}) =>
    may(context, `/vms/${vmid}`, ['VM.Audit']),
  );
  const used = seen.map((guest) => split(guest.config.get('tags') ?? ''));
  return new Set([...listed, ...used.flat()]);
}

function split(tags: string): readonly string[] {
  return tags.split(/[,;\s]+/).filter((tag) => tag !== '');
}
