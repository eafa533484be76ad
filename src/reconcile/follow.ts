// Why this exists: which commit of a source is in force. A fetch that fails, a history that was
// rewritten or an unrelated commit leaves the last good one in force (safety.md 2.1, 2.6).
import type {Kind, Manifests} from '../core/kind.ts';
import type {Revision} from '../core/model.ts';
import type {SourceError} from '../core/ports.ts';
import type {SourceReport} from '../core/report.ts';
import type {ParseCache} from '../manifest/parse-cache.ts';
import {readSteps} from '../manifest/read.ts';
import type {ClusterParts, SourceParts} from './parts.ts';
import {inSlices, turnAfter} from './slices.ts';

/** What the loop remembers of one source between passes. */
export interface Followed {
  readonly cache: ParseCache;
  manifests: Manifests | null;
  revision: Revision | null;
  error: SourceError | null;
  /** How long the last fetch took, with what it brought; null before the first. */
  tookMs: number | null;
  /** The commit whose signatures were checked last, and what came of it. */
  checked: string | null;
}

/** Fetches when due and reads what changed; afterwards `followed` says what is in force. */
export async function follow(
  parts: ClusterParts,
  {source, repository}: SourceParts,
  followed: Followed,
  signal: AbortSignal,
): Promise<SourceReport> {
  const {journal, clock, metrics} = parts;
  const began = clock.monotonic();
  const last = journal.value(commitName(source.name));
  const fetched = await source.fetch(last, signal);
  const emit = (result: 'changed' | 'unchanged' | 'failed'): void => {
    const seconds = (clock.monotonic() - began) / 1000;
    metrics.emit({kind: 'git-fetch', repository: source.name, result, seconds});
  };
  if (!fetched.ok) {
    emit('failed');
    followed.error = fetched.error;
    return report(source.name, repository, followed);
  }
  const revision = fetched.value;
  tellChecked(parts, revision, followed);
  const refused = mayFollow(parts, revision);
  if (refused !== null) {
    emit('failed');
    followed.error = refused;
    return report(source.name, repository, followed);
  }
  followed.error = null;
  emit(revision.commit === followed.revision?.commit ? 'unchanged' : 'changed');
  if (revision.commit !== followed.revision?.commit) {
    const request = {revision, kinds: parts.kinds, cache: followed.cache};
    await turnAfter(began, clock);
    followed.manifests = await inSlices(readSteps(request), clock);
    followed.revision = revision;
  }
  return report(source.name, repository, followed);
}

/**
 * Journals which commits are in force, after they were planned from: the next start begins there.
 * An acceptance of rewritten history is used up by it: who pushes that commit again later, when
 * others have followed it, leads back to an older one and must be asked about again.
 */
export function remember({journal}: ClusterParts, followed: Iterable<Followed>): void {
  for (const {revision} of followed) {
    if (revision === null) continue;
    const {source, commit} = revision;
    const isNew = journal.value(commitName(source)) !== commit;
    if (isNew) journal.setValue(commitName(source), commit);
    const accepted = journal.value(acceptName(source));
    if (accepted !== null && (isNew || accepted === commit)) {
      journal.setValue(acceptName(source), null);
    }
  }
}

/** The kinds' manifests in force, one per source that ever could be read. */
export function inForce(followed: Iterable<Followed>): readonly Manifests[] {
  return [...followed].flatMap(({manifests}) => (manifests === null ? [] : [manifests]));
}

/** Where the journal keeps the last followed commit of a source. */
function commitName(source: string): string {
  return `source/${source}/commit`;
}

/** Where the journal keeps a commit that a person accepted although history was rewritten. */
export function acceptName(source: string): string {
  return `source/${source}/accept`;
}

/** A commit that is refused is checked again in every pass, and counted once. */
function tellChecked({metrics}: ClusterParts, revision: Revision, followed: Followed): void {
  const {commit, signature} = revision;
  if (signature.kind === 'unchecked') return;
  const checked = `${commit} ${signature.kind}`;
  if (followed.checked === checked) return;
  followed.checked = checked;
  metrics.emit({kind: 'git-verification', result: signature.kind});
}

function mayFollow(parts: ClusterParts, revision: Revision): SourceError | null {
  if (revision.signature.kind === 'bad') {
    return {
      kind: 'signature',
      message: `commit ${short(revision.commit)} is not trusted: ${revision.signature.because}`,
      remedy: 'Sign the commit with a key from the allowed-signers file, or push a signed one.',
    };
  }
  switch (revision.ancestry) {
    case 'first':
    case 'same':
    case 'descendant':
      return null;
    case 'rewritten':
    case 'unknown':
      if (parts.journal.value(acceptName(revision.source)) === revision.commit) return null;
      return {
        kind: 'rewritten',
        message: `commit ${short(revision.commit)} does not descend from the last followed one`,
        remedy: `If that is meant: pvegit source accept ${revision.source} ${revision.commit}`,
      };
  }
}

function short(commit: string): string {
  return commit.slice(0, 12);
}

function report(name: string, repository: string, followed: Followed): SourceReport {
  const {revision, manifests, error} = followed;
  return {
    name,
    repository,
    commit: revision?.commit ?? null,
    subject: revision?.subject ?? null,
    author: revision?.author ?? null,
    committedAt: revision?.committedAt ?? null,
    error,
    documents: manifests?.documents ?? 0,
    diagnostics: manifests?.diagnostics ?? [],
  };
}

/** The kinds that live in Proxmox. */
export function resourceKinds(kinds: readonly Kind[]) {
  return kinds.filter((kind) => kind.role === 'resource');
}
