// Why this exists: of ten thousand guests hardly one is ever asked where its fields stand, and most
// say the same words. What Git wants of each is kept once and without its places, which are worked
// out again when somebody asks.
import type {Json} from '../core/json.ts';
import type {Desired, SourceRange} from '../core/model.ts';
import {onDemand} from './on-demand.ts';

/** Where the places of a Desired come from: the outcome of its document, and its index in it. */
export interface Origin {
  readonly again: () => readonly Desired[];
  readonly index: number;
}

/** Values that several guests share, by their JSON. */
export type Shared = Map<string, unknown>;

/** The same Desired, which costs little: it keeps nothing of its text but what it says. */
export function light(desired: Desired, origin: Origin, shared: Shared): Desired {
  const {kind, source, claims, range} = desired;
  const whole = {
    key: flat(desired.key),
    kind,
    name: flat(desired.name),
    source,
    body: flat(desired.body),
    creation: common(desired.creation, shared),
    directives: common(desired.directives, shared),
    labels: common(desired.labels, shared),
    dependsOn: common(desired.dependsOn, shared),
    ...(desired.retain === undefined ? {} : {retain: flat(desired.retain)}),
    protection: desired.protection,
    // What only one may claim is nobody else's word.
    claims: claims.map((claim) => (claim.exclusive ? flat(claim) : common(claim, shared))),
    range,
  };
  return withRanges(whole, origin);
}

/** The same Desired with other dependencies; its ranges are still made only when asked for. */
export function withDependencies(desired: Desired, dependsOn: Desired['dependsOn']): Desired {
  const {key, kind, name, source, body, creation, directives, labels} = desired;
  const {protection, claims, range, retain} = desired;
  const head = {key, kind, name, source, body, creation, directives, labels};
  const rest = {dependsOn, ...(retain === undefined ? {} : {retain}), protection, claims, range};
  return withSameRanges({...head, ...rest}, desired);
}

const withRanges = onDemand('ranges', rangesOf);
const withSameRanges = onDemand('ranges', (desired: Desired) => desired.ranges);

function rangesOf({again, index}: Origin): {readonly [path: string]: SourceRange} {
  return again()[index]?.ranges ?? {};
}

/** Guests of one fleet have few different labels and claims; beyond this, sharing is no gain. */
export const MAX_SHARED = 1000;

function common<T extends object>(value: T, shared: Shared): T {
  const text = JSON.stringify(value);
  // Safe: what is kept under a text was made from that text, as this would be.
  const known = shared.get(text) as T | undefined;
  if (known !== undefined) return known;
  const made = flat(value);
  if (shared.size < MAX_SHARED) shared.set(text, made);
  return made;
}

/** A copy whose texts are their own: a piece of a manifest's text would keep the whole of it. */
export function flat<T extends Json | object>(value: T): T {
  // Safe: it is JSON, and reads back as what it was.
  return JSON.parse(JSON.stringify(value)) as T;
}
