// Why this exists: apiVersion, kind, metadata and spec are the same for all kinds, so their
// mistakes are found here once, in words that fit, before any schema is asked.
import {isObject, type JsonObject} from '../core/json.ts';
import type {Kind, ManifestDocument} from '../core/kind.ts';
import type {Diagnostic} from '../core/model.ts';
import {suggest} from '../core/suggest.ts';
import {quoted} from '../core/visible.ts';
import {API_GROUP, API_VERSION} from './classify.ts';
import {mistake, placeOf} from './document.ts';
import {checkAnnotations, checkLabels, checkName, type Tell} from './metadata.ts';

/** A document before its kind and name are known to be good. */
export type RawDocument = Pick<ManifestDocument, 'value' | 'ranges' | 'range'>;

/** What the head of a document says. A null kind or name could not be told. */
export interface Envelope {
  readonly kind: Kind | null;
  readonly name: string | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Checks all of a manifest but its spec. */
export function readEnvelope(document: RawDocument, kinds: ReadonlyMap<string, Kind>): Envelope {
  const tell: Tell = (code, pointer, detail, remedy, more = {}) =>
    mistake(code, {range: placeOf(document, pointer, more.at), detail, remedy, ...more});
  const {value} = document;
  const metadata = value['metadata'];
  return {
    kind: kinds.get(String(value['kind'])) ?? null,
    name: isObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : null,
    diagnostics: [
      ...checkApiVersion(value, tell),
      ...checkKind(value, kinds, tell),
      ...checkFields(value, tell),
      ...checkMetadata(value, tell),
      ...checkSpec(value, tell),
    ],
  };
}

function checkApiVersion(value: JsonObject, tell: Tell): readonly Diagnostic[] {
  const found = value['apiVersion'];
  const remedy = `Write "apiVersion: ${API_VERSION}".`;
  if (found === API_VERSION) return [];
  if (found === undefined || found === null) {
    const detail = 'The version says how the rest is read.';
    return [tell('api-version-missing', '', detail, remedy)];
  }
  const version = typeof found === 'string' ? /^pvegit\/v(\d+)/.exec(found)?.[1] : undefined;
  if (version !== undefined && Number(version) > 1) {
    const detail = `${quoted(found)} may mean other things than ${API_VERSION} does.`;
    const update = 'Update pvegit, or write the manifest in the version that this one reads.';
    return [tell('api-version-newer', '/apiVersion', detail, update)];
  }
  const detail = `${quoted(found)} is not ${API_VERSION}.`;
  return [tell('api-version-unknown', '/apiVersion', detail, remedy, {suggestion: API_VERSION})];
}

function checkKind(
  value: JsonObject,
  kinds: ReadonlyMap<string, Kind>,
  tell: Tell,
): readonly Diagnostic[] {
  const found = value['kind'];
  const known = `Write one of ${[...kinds.keys()].sort().join(', ')}.`;
  if (found === undefined || found === null) {
    return [tell('kind-missing', '', 'The kind says what the spec describes.', known)];
  }
  if (typeof found !== 'string') {
    return [tell('kind-not-text', '/kind', `It is ${quoted(found)}.`, known)];
  }
  if (kinds.has(found)) return [];
  const suggestion = suggest(found, kinds.keys());
  const detail = `${quoted(found)} is none of its kinds.`;
  return [tell('kind-unknown', '/kind', detail, known, {suggestion})];
}

const FIELDS = ['apiVersion', 'kind', 'metadata', 'spec'];

function checkFields(value: JsonObject, tell: Tell): readonly Diagnostic[] {
  const extra = Object.keys(value).filter((key) => !FIELDS.includes(key));
  return extra.map((key) => {
    const pointer = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (key === 'status') {
      const detail = 'What is the case stands in the cluster; Git says what shall be.';
      return tell('manifest-status', pointer, detail, 'Delete the status.', {at: 'key'});
    }
    const suggestion = suggest(key, FIELDS);
    const detail = `${quoted(key)} is none of ${FIELDS.join(', ')}.`;
    const remedy = 'What describes the object belongs below spec.';
    return tell('manifest-unknown-field', pointer, detail, remedy, {at: 'key', suggestion});
  });
}

const METADATA_FIELDS = ['name', 'labels', 'annotations'];

function checkMetadata(value: JsonObject, tell: Tell): readonly Diagnostic[] {
  const metadata = value['metadata'];
  if (metadata === undefined || metadata === null) {
    const detail = 'Each manifest has a name there.';
    return [tell('metadata-missing', '', detail, 'Write "metadata: {name: …}".')];
  }
  if (!isObject(metadata)) {
    const detail = `It is ${quoted(metadata)}.`;
    return [tell('metadata-not-a-map', '/metadata', detail, 'Write "metadata: {name: …}".')];
  }
  // Safe: what lies below a JSON object is JSON.
  const fields = metadata as JsonObject;
  return [
    ...Object.keys(fields).flatMap((key) => checkMetadataField(key, tell)),
    ...checkName(fields, tell),
    ...checkLabels(fields, tell),
    ...checkAnnotations(fields, tell),
  ];
}

function checkMetadataField(key: string, tell: Tell): readonly Diagnostic[] {
  if (METADATA_FIELDS.includes(key)) return [];
  const pointer = `/metadata/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  if (key === 'namespace') {
    const detail = 'Proxmox has none; a source belongs to one cluster.';
    return [tell('metadata-namespace', pointer, detail, 'Delete it.', {at: 'key'})];
  }
  const detail = `${quoted(key)} is none of ${METADATA_FIELDS.join(', ')}.`;
  const remedy = `Own keys belong below labels or annotations (those of ${API_GROUP}/ are ours).`;
  const suggestion = suggest(key, METADATA_FIELDS);
  return [tell('metadata-unknown-field', pointer, detail, remedy, {at: 'key', suggestion})];
}

function checkSpec(value: JsonObject, tell: Tell): readonly Diagnostic[] {
  const spec = value['spec'];
  if (isObject(spec)) return [];
  if (spec === undefined || spec === null) {
    const detail = 'The spec describes the object.';
    return [tell('spec-missing', spec === null ? '/spec' : '', detail, 'Write it below "spec:".')];
  }
  return [tell('spec-not-a-map', '/spec', `It is ${quoted(spec)}.`, 'Write fields below "spec:".')];
}
