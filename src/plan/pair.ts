// Why this exists: what Git, the journal and the cluster say of one key belongs together; identity
// is the key, so a guest that moves between documents, files or sets is still one resource.
import {diagnose} from '../core/diagnostic.ts';
import type {Manifests, ResourceKind} from '../core/kind.ts';
import type {
  Desired,
  Diagnostic,
  Inventory,
  KindName,
  ResourceKey,
  ResourceRecord,
} from '../core/model.ts';
import {PLAN_CODES} from './codes.ts';
import type {PlanBasis} from './input.ts';
import {compareKeys} from './keys.ts';
import type {Subject} from './subject.ts';

/** Every key with what belongs to it, and what forbids acting on some of them. */
export interface Pairing {
  /** In order. */
  readonly keys: readonly ResourceKey[];
  /** Grows while subjects are made: a key is contested at the latest when its subject is. */
  readonly contested: ReadonlyMap<ResourceKey, string>;
  /** Grows in the same way. */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * What is known of a key, the live object included; null for a kind that this version does not
   * know. It is made when asked for, once: all live objects together would fill the memory.
   */
  readonly subjectOf: (key: ResourceKey, inventory: Inventory) => Subject | null;
  readonly isDeclared: (key: ResourceKey) => boolean;
  /** A key that Git and the journal know as of one kind, and nobody else claims; else null. */
  readonly plain: (key: ResourceKey) => Plain | null;
}

/** What is known of a key without the cluster, where nothing speaks against it. */
export interface Plain {
  readonly kind: ResourceKind;
  readonly desired: Desired;
  readonly record: ResourceRecord;
}

/** Pairs by key; claims that two sources make are errors in both (safety.md 5). */
export function pair(input: PlanBasis): Pairing {
  const kinds = new Map(input.kinds.map((kind) => [kind.name, kind]));
  const records = new Map(input.records.map((record) => [record.key, record]));
  const desired = desiredByKey(input.manifests);
  const doubles = doubleClaims(input.manifests);
  const contested = new Map(doubles.contested);
  const diagnostics = [...doubles.diagnostics];
  const told = new Set<ResourceKey>();
  // A subject may be made more than once while a plan is made.
  const tellOnce = (key: ResourceKey, diagnostic: Diagnostic): void => {
    if (!told.has(key)) diagnostics.push(diagnostic);
    told.add(key);
  };
  const subjectOf = (key: ResourceKey, inventory: Inventory): Subject | null => {
    const wanted = desired.get(key) ?? null;
    const record = records.get(key) ?? null;
    const kind = kinds.get(wanted?.kind ?? record?.kind ?? '');
    if (!kind) {
      tellOnce(key, unknownKind(key, wanted?.kind ?? record?.kind ?? '', wanted));
      return null;
    }
    if (wanted && record && wanted.kind !== record.kind) {
      tellOnce(key, kindChanged(wanted, record.kind));
      contested.set(key, `declared as ${wanted.kind}, recorded as ${record.kind}`);
    }
    const observation = kind.observe(key, inventory, input.installation);
    return {key, kind, desired: wanted, record, observation};
  };
  const plain = (key: ResourceKey): Plain | null => {
    const [wanted, record] = [desired.get(key), records.get(key)];
    const kind = kinds.get(wanted?.kind ?? '');
    if (!wanted || !record || !kind || wanted.kind !== record.kind) return null;
    return contested.has(key) ? null : {kind, desired: wanted, record};
  };
  const keys = [...new Set([...desired.keys(), ...records.keys()])].sort(compareKeys);
  const isDeclared = (key: ResourceKey): boolean => desired.has(key);
  return {keys, contested, diagnostics, subjectOf, isDeclared, plain};
}

function desiredByKey(manifests: readonly Manifests[]): Map<ResourceKey, Desired> {
  const sorted = [...manifests].sort((a, b) => (a.source < b.source ? -1 : 1));
  const all = sorted.flatMap((one) => one.desired);
  return new Map(all.map((one) => [one.key, one]));
}

interface Doubles {
  readonly contested: ReadonlyMap<ResourceKey, string>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Within one source the manifest room has checked; here only claims across sources. */
function doubleClaims(manifests: readonly Manifests[]): Doubles {
  const holders = new Map<string, Desired[]>();
  for (const one of manifests.flatMap((each) => each.desired)) {
    for (const claim of claimsOf(one)) {
      const list = holders.get(claim) ?? [];
      if (!list.includes(one)) list.push(one);
      holders.set(claim, list);
    }
  }
  const contested = new Map<ResourceKey, string>();
  const diagnostics: Diagnostic[] = [];
  for (const [claim, list] of holders) {
    const sources = [...new Set(list.map((one) => one.source))].sort();
    if (sources.length < 2) continue;
    for (const one of list) {
      const detail = `${claim} is claimed by the sources ${sources.join(' and ')}`;
      contested.set(one.key, detail);
      diagnostics.push(claimedTwice(one, detail));
    }
  }
  return {contested, diagnostics: diagnostics.sort(byPlace)};
}

function claimsOf(desired: Desired): readonly string[] {
  const exclusive = desired.claims.filter((claim) => claim.exclusive);
  return [desired.key, ...exclusive.map((claim) => `${claim.space} ${claim.value}`)];
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return compareKeys(a.key ?? '', b.key ?? '') || (a.detail < b.detail ? -1 : 1);
}

function claimedTwice(desired: Desired, detail: string): Diagnostic {
  return diagnose(PLAN_CODES, 'plan-claimed-twice', {
    detail: `${desired.source}: ${detail}`,
    remedy: 'Take it out of one of the sources.',
    range: desired.range,
    key: desired.key,
  });
}

function kindChanged(desired: Desired, recorded: KindName): Diagnostic {
  return diagnose(PLAN_CODES, 'plan-kind-changed', {
    detail: `${desired.key} is managed as ${recorded} and now declared as ${desired.kind}.`,
    remedy: 'Declare the new guest under a VMID of its own and let the old one be deleted.',
    range: desired.range,
    key: desired.key,
  });
}

function unknownKind(key: ResourceKey, kind: KindName, desired: Desired | null): Diagnostic {
  return diagnose(PLAN_CODES, 'plan-unknown-kind', {
    severity: desired ? 'error' : 'warning',
    detail: `${key} is of kind ${kind}; it is left alone.`,
    remedy: 'Run the version that made it.',
    range: desired?.range,
    key,
  });
}
