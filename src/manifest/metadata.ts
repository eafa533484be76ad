// Why this exists: names end up in file names, metrics, command lines and the guest itself, and the
// annotations of pvegit/ decide what may be deleted: a typing mistake there must not be silent.
import {isObject, type JsonObject} from '../core/json.ts';
import type {Diagnostic} from '../core/model.ts';
import {suggest} from '../core/suggest.ts';
import {quoted} from '../core/visible.ts';
import type {ManifestCode} from './codes.ts';
import {escapePointer} from './places.ts';

/** Places a mistake at a JSON pointer of the document at hand. */
export type Tell = (
  code: ManifestCode,
  pointer: string,
  detail: string,
  remedy: string,
  more?: {
    readonly at?: 'key';
    readonly suggestion?: string | undefined;
    readonly severity?: Diagnostic['severity'];
  },
) => Diagnostic;

/** As Kubernetes: labels joined by dots; 63 characters each keep it a host name. */
const NAME =
  /^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*$/;
const MAX_NAME = 253;

/** Checks metadata.name. */
export function checkName(metadata: JsonObject, tell: Tell): readonly Diagnostic[] {
  const {name} = metadata;
  const remedy = 'Use letters, digits, hyphens and dots; begin and end with a letter or digit.';
  if (name === undefined || name === null || name === '') {
    const detail = 'Messages, metrics and references need one, unique for its kind.';
    return [tell('name-missing', '/metadata/name', detail, 'Write "name:" below metadata.')];
  }
  if (typeof name !== 'string') {
    const detail = `It is read as ${quoted(name)}.`;
    return [tell('name-not-text', '/metadata/name', detail, 'Put the name in quotes.')];
  }
  if (/\{\{|\$\{|\{%/.test(name)) {
    const detail = `${quoted(name)} is taken literally: manifests are not templates.`;
    const plain = 'Write the name; for several alike guests use a VirtualMachineSet.';
    return [tell('name-placeholder', '/metadata/name', detail, plain)];
  }
  if (NAME.test(name) && name.length <= MAX_NAME) return [];
  const detail = `${quoted(name)} could not be a host name.`;
  return [tell('name-invalid', '/metadata/name', detail, remedy)];
}

const LABEL_KEY =
  /^([A-Za-z0-9][-A-Za-z0-9.]{0,251}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const MAX_LABEL_VALUE = 253;

/** Checks metadata.labels. */
export function checkLabels(metadata: JsonObject, tell: Tell): readonly Diagnostic[] {
  const {labels} = metadata;
  if (labels === undefined || labels === null) return [];
  if (!isObject(labels)) {
    const detail = `They are ${quoted(labels)}.`;
    return [tell('labels-not-a-map', '/metadata/labels', detail, 'Write "labels: {app: neo4j}".')];
  }
  return Object.entries(labels).flatMap(([key, value]) => {
    const pointer = `/metadata/labels/${escapePointer(key)}`;
    const found: Diagnostic[] = [];
    if (!LABEL_KEY.test(key)) {
      const detail = `${quoted(key)} could not stand in a selector.`;
      const remedy = 'Use letters, digits, hyphens, dots and underscores, 63 at most.';
      found.push(tell('label-key', pointer, detail, remedy, {at: 'key'}));
    }
    if (typeof value !== 'string' || value.length > MAX_LABEL_VALUE || value.includes('\n')) {
      const detail = `It is ${quoted(value)}.`;
      const remedy = `Put it in quotes, in one line of at most ${MAX_LABEL_VALUE} characters.`;
      found.push(tell('label-value', pointer, detail, remedy));
    }
    return found;
  });
}

/** Annotations that the engine reads, with the values they may have (null: any text). */
const ANNOTATIONS: {readonly [name: string]: readonly string[] | null} = {
  'pvegit/mode': ['enforce', 'create-only', 'observe'],
  'pvegit/on-delete': ['destroy', 'retain'],
  'pvegit/adopt': null,
  'pvegit/replace': null,
};

/** Checks metadata.annotations: those below pvegit/ are a closed set. */
export function checkAnnotations(metadata: JsonObject, tell: Tell): readonly Diagnostic[] {
  const {annotations} = metadata;
  if (annotations === undefined || annotations === null) return [];
  if (!isObject(annotations)) {
    const detail = `They are ${quoted(annotations)}.`;
    const remedy = 'Write "annotations: {pvegit/mode: observe}".';
    return [tell('annotations-not-a-map', '/metadata/annotations', detail, remedy)];
  }
  return Object.entries(annotations).flatMap(([key, value]) =>
    checkAnnotation(key, value, `/metadata/annotations/${escapePointer(key)}`, tell),
  );
}

function checkAnnotation(
  key: string,
  value: unknown,
  pointer: string,
  tell: Tell,
): readonly Diagnostic[] {
  const choices = Object.hasOwn(ANNOTATIONS, key) ? ANNOTATIONS[key] : undefined;
  if (choices === undefined && /^pvegit\b/i.test(key)) {
    const names = Object.keys(ANNOTATIONS);
    const detail = `${quoted(key)} would do nothing, and somebody relies on it.`;
    const more = {at: 'key' as const, suggestion: suggest(key, names)};
    return [tell('annotation-unknown', pointer, detail, `Use ${names.join(', ')}.`, more)];
  }
  if (key === 'pvegit/adopt' && (value === true || value === 'true' || value === 'yes')) {
    const detail = 'Whoever has the VMID at that time would be adopted, and it may be another.';
    const remedy = 'Write the guest’s smbios1 uuid (a container’s MAC); "pvegit import" does.';
    return [tell('annotation-adopt', pointer, detail, remedy)];
  }
  if (typeof value !== 'string') {
    const remedy = 'Put it in quotes.';
    return [tell('annotation-value', pointer, `It is ${quoted(value)}.`, remedy)];
  }
  if (choices === undefined) return [];
  if (value.trim() === '') {
    const detail = 'An empty value could be taken for any.';
    return [tell('annotation-empty', pointer, detail, 'Give it a value, or delete the line.')];
  }
  if (choices === null || choices.includes(value)) return [];
  const detail = `${quoted(value)} is none of ${choices.join(', ')}.`;
  const more = {suggestion: suggest(value, choices)};
  return [tell('annotation-choice', pointer, detail, `Write one of ${choices.join(', ')}.`, more)];
}
