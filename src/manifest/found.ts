// Why this exists: what was found in a file, good and broken, before anybody knows what it means.
import type {JsonObject} from '../core/json.ts';
import type {Kind, ManifestDocument} from '../core/kind.ts';
import type {Diagnostic, ResourceKey} from '../core/model.ts';
import {valueAt} from './document.ts';

/** A document whose head is good. */
export interface Headed {
  readonly kind: Kind;
  readonly document: ManifestDocument;
  /** True if the head is bad already: the rest is only judged, so that all is told at once. */
  readonly bad: boolean;
}

/** A document, or a whole file, that cannot be used; with what could still be told of it. */
export interface Broken {
  readonly file: string;
  readonly kind: string | null;
  readonly name: string | null;
  readonly keys: readonly ResourceKey[];
}

/** What was found in one file, or of one entry that was not read. */
export interface FoundInFile {
  readonly documents: readonly Headed[];
  readonly broken: readonly Broken[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Keys that a document claims by what it is, whatever else is wrong with it. */
export function claimedKeys(
  kind: string,
  name: string | null,
  value: JsonObject,
): readonly ResourceKey[] {
  const keys = name === null ? [] : [`${kind}/${name}`];
  // Also a text that only begins with a number: it was one before somebody broke the line.
  const vmid = /^\s*(\d{3,9})\b/.exec(String(valueAt(value, 'spec', 'vmid') ?? ''))?.[1];
  if (vmid !== undefined) keys.push(`guest/${vmid}`);
  const start = valueAt(value, 'spec', 'vmidStart');
  const replicas = valueAt(value, 'spec', 'replicas');
  if (typeof start === 'number' && typeof replicas === 'number') {
    // As many as a set may have; a mistyped count must not fill the memory.
    for (let index = 0; index < Math.min(replicas, 1000); index += 1) {
      keys.push(`guest/${start + index}`);
    }
  }
  return keys;
}
