// Why this exists: the annotations and labels that every guest's manifest may carry.
import {isObject} from '../../core/json.ts';
import type {ManifestDocument} from '../../core/kind.ts';
import type {Directives} from '../../core/model.ts';

/** The `pvegit/…` annotations; what is not a known spelling falls back to the safe default. */
export function directivesOf(document: ManifestDocument): Directives {
  const annotations = texts(metadata(document)['annotations']);
  const mode = annotations['pvegit/mode'];
  return {
    mode: mode === 'create-only' || mode === 'observe' ? mode : 'enforce',
    onDelete: annotations['pvegit/on-delete'] === 'retain' ? 'retain' : 'destroy',
    adopt: annotations['pvegit/adopt'] ?? null,
    replace: annotations['pvegit/replace'] ?? null,
  };
}

/** The document's labels. */
export function labelsOf(document: ManifestDocument): {readonly [key: string]: string} {
  return texts(metadata(document)['labels']);
}

function metadata(document: ManifestDocument): {readonly [key: string]: unknown} {
  const value = document.value['metadata'];
  return isObject(value) ? value : {};
}

function texts(value: unknown): {readonly [key: string]: string} {
  if (!isObject(value)) return {};
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}
