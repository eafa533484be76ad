// Why this exists: the one way from the text of a revision to what it means. Every step is a file
// of its own; here is their order, and the rule that no mistake hides another.
import type {Kind, Manifests} from '../core/kind.ts';
import type {Desired, Diagnostic, Revision} from '../core/model.ts';
import {runSteps, type Steps} from '../core/steps.ts';
import {checkClaims} from './claims.ts';
import {compare} from './files.ts';
import {type Gathered, gather} from './gather.ts';
import {ParseCache} from './parse-cache.ts';
import {checkSecretRefs, resolveReferences} from './references.ts';
import {finish} from './report.ts';
import {type Understood, understand} from './understand.ts';

/** What a revision is read with. Without a cache everything is parsed. */
export interface ReadRequest {
  readonly revision: Revision;
  readonly kinds: readonly Kind[];
  readonly cache?: ParseCache;
}

/**
 * All that a revision means, with all that is wrong in it, sorted by file and line. A resource with
 * an error is not among `desired`, and its key is among `claimed`.
 */
export function readManifests(request: ReadRequest): Manifests {
  return runSteps(readSteps(request));
}

/**
 * The same in steps: a file, a document, or a check of all. A cache serves one reading at a time:
 * the steps are carried out to their end before another reading with it begins.
 */
export function* readSteps({revision, kinds, cache}: ReadRequest): Steps<Manifests> {
  const store = cache ?? new ParseCache();
  const gathered = yield* gather(revision, kinds, store);
  store.settle();
  const understood = yield* understand(gathered, store);
  store.rest();
  yield;
  const checked = yield* acrossDocuments(gathered, understood);
  yield;
  const diagnostics = [...understood.diagnostics, ...checked.diagnostics];
  const bad = new Set(
    diagnostics.flatMap(({severity, key}) => (severity === 'error' && key ? [key] : [])),
  );
  const claimed = new Set([...understood.claimed, ...bad]);
  return {
    source: revision.source,
    commit: revision.commit,
    desired: checked.desired.filter(({key}) => !claimed.has(key)),
    secrets: understood.secrets,
    diagnostics: finish(diagnostics, gathered.texts),
    complete: !diagnostics.some(({severity}) => severity === 'error'),
    documents: understood.valid,
    claimed: [...claimed].sort(compare),
  };
}

interface Checked {
  readonly desired: readonly Desired[];
  readonly diagnostics: readonly Diagnostic[];
}

function* acrossDocuments({kinds}: Gathered, understood: Understood): Steps<Checked> {
  const sorted = [...understood.desired].sort(
    (a, b) => compare(a.key, b.key) || compare(a.range.file, b.range.file),
  );
  const broken = new Set([...understood.broken, ...understood.claimed]);
  yield;
  const {desired, diagnostics} = resolveReferences(sorted, broken);
  yield;
  const plans = [...kinds.values()].flatMap((kind) => {
    if (kind.role !== 'check') return [];
    const documents = understood.checks.flatMap((one) => (one.kind === kind ? one.document : []));
    return kind.check(documents, desired);
  });
  yield;
  const claims = checkClaims(desired);
  yield;
  const secrets = checkSecretRefs(desired, understood.secrets, broken);
  return {desired, diagnostics: [...diagnostics, ...claims, ...secrets, ...plans]};
}
