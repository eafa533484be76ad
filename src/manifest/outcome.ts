// Why this exists: what one document means depends on its text and on the Defaults above it, and on
// nothing else; so it is a value, and the value is kept from one revision to the next.
import {isObject} from '../core/json.ts';
import type {Kind, ManifestDocument, SecretDeclaration} from '../core/kind.ts';
import type {Desired, Diagnostic, ResourceKey, SourceRange} from '../core/model.ts';
import {quoted} from '../core/visible.ts';
import {pointAt} from './claims.ts';
import {type FolderDefaults, withDefaults} from './defaults.ts';
import {mistake} from './document.ts';
import {claimedKeys, type Headed} from './found.ts';
import {judge} from './judge.ts';

/** What one document means, or what is wrong with it and what it claims all the same. */
export interface Outcome {
  readonly desired: readonly Desired[];
  readonly secrets: readonly SecretDeclaration[];
  readonly checks: readonly Headed[];
  readonly diagnostics: readonly Diagnostic[];
  readonly claimed: readonly ResourceKey[];
  /** Names of what cannot be used: bare, and `Kind/name`. */
  readonly broken: readonly string[];
  readonly valid: boolean;
}

/** What a document is understood with. */
export interface Surroundings {
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Those that hold for the document's file, outermost first. */
  readonly defaults: readonly FolderDefaults[];
}

/** Understands one document that is no Defaults. */
export function outcomeOf({kind, document, bad}: Headed, around: Surroundings): Outcome {
  const unusable = around.defaults.find(({usable}) => !usable);
  if (unusable !== undefined && (kind.role === 'resource' || kind.role === 'expander')) {
    return rejected(document, [unusableMistake(document, unusable)]);
  }
  const merged = withDefaults(document, around.defaults);
  const found = judge(kind, merged);
  if (bad || hasError(found)) return rejected(merged, found);
  return joined(found, applied(kind, merged, around), merged);
}

const NOTHING: Outcome = {
  desired: [],
  secrets: [],
  checks: [],
  diagnostics: [],
  claimed: [],
  broken: [],
  valid: true,
};

function hasError(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({severity}) => severity === 'error');
}

/** A document that cannot be used; what it claims stays claimed. */
function rejected(
  {kind, name, value}: ManifestDocument,
  diagnostics: readonly Diagnostic[],
): Outcome {
  const claimed = claimedKeys(kind, name, value);
  return {...NOTHING, diagnostics, claimed, broken: [name, `${kind}/${name}`], valid: false};
}

/** An outcome with what was found before; one that is not valid claims what the document does. */
function joined(
  found: readonly Diagnostic[],
  outcome: Outcome,
  document: ManifestDocument,
): Outcome {
  const diagnostics = found.length === 0 ? outcome.diagnostics : [...found, ...outcome.diagnostics];
  if (outcome.valid) return {...outcome, diagnostics};
  const base = rejected(document, diagnostics);
  return {
    ...base,
    desired: outcome.desired,
    claimed: [...base.claimed, ...outcome.claimed],
    broken: [...base.broken, ...outcome.broken],
  };
}

/** What the Defaults would have said is not known, and leaving it out would take it away. */
function unusableMistake(document: ManifestDocument, defaults: FolderDefaults): Diagnostic {
  const spec = document.value['spec'];
  const vmid = isObject(spec) ? spec['vmid'] : undefined;
  return mistake('defaults-unusable', {
    range: document.range,
    detail: `Those at ${pointAt(defaults.range)} have errors, and without them fields would leave.`,
    remedy: 'Repair the Defaults; until then this manifest is left as it is.',
    ...(Number.isSafeInteger(vmid) ? {key: `guest/${vmid}`} : {}),
  });
}

/** Lets the kind speak. */
function applied(kind: Kind, document: ManifestDocument, around: Surroundings): Outcome {
  switch (kind.role) {
    case 'resource': {
      const {desired, diagnostics} = kind.normalise(document);
      if (hasError(diagnostics)) return {...NOTHING, diagnostics, valid: false};
      const placed = desired.map((one) => withClaimRanges(one, document));
      return {...NOTHING, desired: placed, diagnostics};
    }
    case 'expander':
      return expanded(kind.expand(document), around);
    case 'check':
      return {...NOTHING, checks: [{kind, document, bad: false}]};
    case 'record': {
      const {secrets, diagnostics} = kind.secrets?.(document) ?? {secrets: [], diagnostics: []};
      if (hasError(diagnostics)) return {...NOTHING, diagnostics, valid: false};
      return {...NOTHING, secrets, diagnostics};
    }
  }
}

/** Each member by itself, so that the mistakes of all are told and the good ones stay. */
function expanded(
  {
    documents,
    diagnostics,
  }: {
    readonly documents: readonly ManifestDocument[];
    readonly diagnostics: readonly Diagnostic[];
  },
  around: Surroundings,
): Outcome {
  if (hasError(diagnostics)) return {...NOTHING, diagnostics, valid: false};
  const members = documents.map((member) => memberOutcome(member, around));
  return {
    desired: members.flatMap(({desired}) => desired),
    secrets: members.flatMap(({secrets}) => secrets),
    checks: members.flatMap(({checks}) => checks),
    diagnostics: [...diagnostics, ...members.flatMap((member) => member.diagnostics)],
    claimed: members.flatMap(({claimed}) => claimed),
    broken: members.flatMap(({broken}) => broken),
    valid: members.every(({valid}) => valid),
  };
}

function memberOutcome(member: ManifestDocument, around: Surroundings): Outcome {
  const kind = around.kinds.get(member.kind);
  if (kind !== undefined) return outcomeOf({kind, document: member, bad: false}, around);
  const detail = `It stands for a ${quoted(member.kind)}.`;
  const remedy = 'Use a pvegit that knows this kind.';
  return rejected(member, [mistake('kind-unknown', {range: member.range, detail, remedy})]);
}

/** What is claimed is shown where it is written, also if it is no field (the VMID). */
function withClaimRanges(desired: Desired, document: ManifestDocument): Desired {
  const ranges: {[path: string]: SourceRange} = {};
  for (const {path} of desired.claims) {
    const range = document.ranges[`/spec/${path.replaceAll('.', '/')}`];
    if (desired.ranges[path] === undefined && range !== undefined) ranges[path] = range;
  }
  return {...desired, ranges: {...desired.ranges, ...ranges}};
}
