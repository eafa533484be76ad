// Why this exists: the one interface between the engine and what is true of a single manifest kind.
// Engine rooms receive kinds as values and never import src/kinds.

import type {Change, Finding, Step, Verb} from './action.ts';
import type {JsonObject} from './json.ts';
import type {
  ApiCall,
  Body,
  Claim,
  Desired,
  Diagnostic,
  FieldValue,
  Inventory,
  KindName,
  Observation,
  Observed,
  ResourceKey,
  ResourceRecord,
  Risk,
  SourceRange,
} from './model.ts';

/** One manifest document after parsing, Defaults and schema validation. */
export interface ManifestDocument {
  readonly kind: KindName;
  /** metadata.name */
  readonly name: string;
  readonly source: string;
  readonly file: string;
  /** The whole document: apiVersion, kind, metadata, spec; Defaults are merged into spec. */
  readonly value: JsonObject;
  readonly range: SourceRange;
  /**
   * Place of each value by JSON pointer (`/spec/disks/scsi0/size`), also those from Defaults; under
   * `#` and the pointer the place of its key, where it has one.
   */
  readonly ranges: {readonly [pointer: string]: SourceRange};
}

/** What a document turned into; with an error among the diagnostics, `desired` is not used. */
export interface Normalised {
  readonly desired: readonly Desired[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Facts by which the risk of a change is judged. */
export interface RiskInput {
  readonly field: string;
  /** What the `*` of the rule's template stand for, in order. */
  readonly slots: readonly string[];
  readonly from: FieldValue | undefined;
  readonly to: FieldValue | undefined;
  readonly observed: Observed;
  readonly desired: Desired | null;
  /** It was created and not once complete since, so that it was never in service. */
  readonly unfinished?: boolean;
}

/** What is true of one field: when it is the same, and what changing it does. */
export interface FieldRule {
  /** Where it lives in Proxmox, for documentation: `cores`, `scsiN: size`. */
  readonly proxmox: string;
  /** True when both mean the same to Proxmox (defaults, spelling, order). Undefined = not set. */
  readonly same: (live: FieldValue | undefined, wanted: FieldValue, observed: Observed) => boolean;
  readonly risk: (input: RiskInput) => {readonly risk: Risk; readonly because: string};
  /** For documentation: the risk in words when running and when stopped. */
  readonly riskInWords: {readonly running: string; readonly stopped: string};
  /** How a person reads a value; the default is plain text. Never shows a secret. */
  readonly show?: (value: FieldValue | undefined) => string;
  /** True for what is a preference after create (`node`): drift is information only. */
  readonly informational?: true;
  /** True for what cannot be unset (`power`): leaving Git, it is released and never removed. */
  readonly unremovable?: true;
}

/** One resource as the engine asks the kind for its steps. */
export interface StepRequest {
  readonly installation: string;
  readonly cluster: string;
  readonly verb: Exclude<Verb, 'none' | 'run'>;
  readonly key: ResourceKey;
  readonly desired: Desired | null;
  readonly observed: Observed | null;
  readonly record: ResourceRecord | null;
  /** The changes of this action only (one risk class of an update). */
  readonly changes: readonly Change[];
  readonly inventory: Inventory;
  /** Keyed hash by field path, for secrets that could be read. */
  readonly secretHashes: {readonly [path: string]: string};
  /** What the journal knows of the others, for steps that touch two of them. */
  readonly records?: ReadonlyMap<ResourceKey, ResourceRecord>;
}

/** The kind's answer: final calls, and what the gate must know. */
export interface StepAnswer {
  readonly steps: readonly Step[];
  /** What would be lost or interrupted: run state, volumes, snapshots, dependants. */
  readonly facts: JsonObject;
  readonly findings: readonly Finding[];
  readonly loads: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** Fields that the steps write. */
  readonly writes: readonly string[];
  /**
   * Declared fields that a create cannot bring about yet (options of a disk whose volume id is not
   * known); the record does not hold them, so that the next pass finds them pending, not drifted.
   */
  readonly later?: readonly string[];
  /** What the steps use of others, known only from live facts; the scope is asked about it too. */
  readonly claims?: readonly Claim[];
  /** Keys that must be as declared before these steps, besides those of the document. */
  readonly after?: readonly ResourceKey[];
  /** What the steps detach without deleting it, by the field it leaves (`disks.scsi1`). */
  readonly detaches?: {readonly [field: string]: string};
  /** Volumes that the steps set aside without deleting them. */
  readonly frees?: readonly string[];
  /**
   * GETs by which these steps have to be judged and that the inventory lacks. They are made, and
   * the kind is asked again, only because these steps are planned.
   */
  readonly looks?: readonly ApiCall[];
}

/** What of an object stands aside, unused. */
export interface SetAside {
  /** Volume by the field whose removal would delete it (`unused.unused0`). */
  readonly fields: {readonly [field: string]: string};
  /** Volumes that leave their place with the next stop and start. */
  readonly leaving: readonly string[];
}

interface KindBase {
  readonly name: KindName;
  /** JSON Schema 2020-12 of the whole document, the source of schemas/<name>.json. */
  readonly schema: JsonObject;
}

/** A kind that lives in Proxmox. */
export interface ResourceKind extends KindBase {
  readonly role: 'resource';
  /** First part of its ids in metrics and on the command line: `qemu`. */
  readonly idPrefix: string;
  readonly normalise: (document: ManifestDocument) => Normalised;
  /**
   * GETs still needed to observe this key, given what has been read; empty when it can be told.
   * For a plan the record is given, and what a deletion must know is read too.
   */
  readonly reads: (
    key: ResourceKey,
    desired: Desired | null,
    inventory: Inventory,
    record?: ResourceRecord,
  ) => readonly ApiCall[];
  readonly observe: (key: ResourceKey, inventory: Inventory, installation: string) => Observation;
  /** By template: `disks.*.size`. Every path of a body matches exactly one. */
  readonly fields: {readonly [template: string]: FieldRule};
  /** Joins what belongs together (the leaves of a slot that leaves). */
  readonly fold?: (changes: readonly Change[], observed: Observed) => readonly Change[];
  readonly steps: (request: StepRequest) => StepAnswer;
  /** Live objects of this kind, with our marker or without, from the listing; null: not read. */
  readonly listed: (inventory: Inventory) => readonly ListedResource[] | null;
  /** The record's body after a verified read: live values of the declared fields. */
  readonly verify: (request: VerifyRequest) => Verification;
  /** A manifest that says of a live object what it is, so that a plan of it is empty. */
  readonly export?: (request: ExportRequest) => Exported;
  /** Privileges that a call needs beyond what the API's schema says: keys, storages, bridges. */
  readonly needs?: (call: ApiCall, inventory: Inventory) => readonly Need[];
  /** What stands aside in it; its removal is proposed after a while where we set it aside. */
  readonly setAside?: (observed: Observed) => SetAside;
}

/** A privilege on a path of the access control list, such as `VM.Audit` on `/vms/150`. */
export interface Grant {
  readonly path: string;
  readonly privilege: string;
}

/** What somebody must be allowed: any one of these will do. Never empty. */
export interface Need {
  readonly anyOf: readonly Grant[];
}

/** What is to become a manifest. */
export interface ExportRequest {
  readonly observed: Observed;
  /** metadata.name */
  readonly name: string;
  /** What Defaults say of any object of this kind where the manifest shall lie. */
  readonly inherited: Body;
  /** Snapshots and the like are looked up here, where they were read. */
  readonly inventory: Inventory;
}

/** A whole document, and what cannot be said in it: each as a sentence, with its place. */
export interface Exported {
  readonly value: JsonObject;
  /** `path` such as `spec.disks.scsi0` where that is in the document, else null. */
  readonly notes: readonly {readonly path: string | null; readonly says: string}[];
}

/** A line of the listing that the kind recognises as its own. */
export interface ListedResource {
  readonly key: ResourceKey;
  readonly id: string;
  readonly name: string | null;
  readonly node: string;
  readonly template: boolean;
}

/** A fresh read of one object after (or before) a step. */
export interface VerifyRequest {
  readonly before: Observed | null;
  readonly after: Observed;
  readonly step: Step;
  /** False for a check before the step. */
  readonly done: boolean;
}

/** Whether the read shows what the step promised and nothing else. */
export type Verification =
  | {readonly kind: 'as-expected'}
  | {readonly kind: 'not-taken'; readonly because: string; readonly fields: readonly string[]}
  | {readonly kind: 'foreign-change'; readonly because: string; readonly fields: readonly string[]};

/** A kind whose document stands for documents of other kinds. */
export interface ExpanderKind extends KindBase {
  readonly role: 'expander';
  readonly expand: (document: ManifestDocument) => {
    readonly documents: readonly ManifestDocument[];
    readonly diagnostics: readonly Diagnostic[];
  };
}

/** A kind that only checks what others want. */
export interface CheckKind extends KindBase {
  readonly role: 'check';
  readonly check: (
    documents: readonly ManifestDocument[],
    desired: readonly Desired[],
  ) => readonly Diagnostic[];
}

/** A kind that other rooms read: Secret, Defaults. */
export interface RecordKind extends KindBase {
  readonly role: 'record';
  /** Where the values of its keys come from (Secret). */
  readonly secrets?: (document: ManifestDocument) => {
    readonly secrets: readonly SecretDeclaration[];
    readonly diagnostics: readonly Diagnostic[];
  };
  /** Partial specs by kind for the document's folder and below (Defaults). */
  readonly partials?: (document: ManifestDocument) => {
    readonly partials: {readonly [kind: KindName]: JsonObject};
    readonly diagnostics: readonly Diagnostic[];
  };
}

/** A manifest kind, by its role. */
export type Kind = ResourceKind | ExpanderKind | CheckKind | RecordKind;

/** Where the value of a Secret's key comes from; the value itself stays outside of all this. */
export interface SecretDeclaration {
  readonly name: string;
  readonly key: string;
  readonly from: {readonly env: string} | {readonly file: string};
  readonly range: SourceRange;
}

/** All that the text of a revision means. */
export interface Manifests {
  readonly source: string;
  readonly commit: string;
  readonly desired: readonly Desired[];
  readonly secrets: readonly SecretDeclaration[];
  readonly diagnostics: readonly Diagnostic[];
  /** False when any document has an error: then nothing of the source may be pruned. */
  readonly complete: boolean;
  /** Number of valid documents of any kind; 0 forbids pruning too. */
  readonly documents: number;
  /** Keys that documents with errors still claim, where that could be told. */
  readonly claimed: readonly ResourceKey[];
}

/** Finds the rule of a path: the exact template, else the one whose `*` parts match. */
export function fieldRule(
  fields: {readonly [template: string]: FieldRule},
  path: string,
): {readonly rule: FieldRule; readonly template: string; readonly slots: readonly string[]} | null {
  const exact = fields[path];
  if (exact) return {rule: exact, template: path, slots: []};
  const parts = path.split('.');
  for (const [template, rule] of Object.entries(fields)) {
    const slots = matchTemplate(template.split('.'), parts);
    if (slots) return {rule, template, slots};
  }
  return null;
}

function matchTemplate(template: readonly string[], parts: readonly string[]): string[] | null {
  if (template.length !== parts.length) return null;
  const slots: string[] = [];
  for (const [index, piece] of template.entries()) {
    const part = parts[index];
    if (part === undefined) return null;
    if (piece === '*') slots.push(part);
    else if (piece !== part) return null;
  }
  return slots;
}
