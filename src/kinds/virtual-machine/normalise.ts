// Why this exists: a document becomes the normal form in which it is compared with live: fields in
// normal form, create-only instructions, claims, and every mistake that the text alone shows.
import {isObject} from '../../core/json.ts';
import type {ManifestDocument, Normalised} from '../../core/kind.ts';
import type {Body, Claim, Desired, Retention, SourceRange} from '../../core/model.ts';
import {directivesOf, labelsOf} from '../guest/directives.ts';
import {checkSpec} from './checks.ts';
import {claimsOf} from './claims.ts';
import {addMistake, type Mistakes, noMistakes, pointerOf, rangeAt} from './mistakes.ts';
import {KIND} from './observe.ts';
import {quoted} from './quoted.ts';
import {readConfig} from './read-config.ts';
import {readCreation} from './read-creation.ts';
import {readRetain} from './read-retain.ts';
import {type ReadFields, readSpec} from './read-spec.ts';

/** What a document means; with an error among the diagnostics nothing of it is used. */
export function normalise(document: ManifestDocument): Normalised {
  const mistakes = noMistakes(document);
  const {spec} = document.value;
  if (!isObject(spec)) {
    const detail = 'Without one there is nothing to manage.';
    addMistake(mistakes, 'vm-spec-missing', '/spec', {detail, remedy: 'Write "spec:".'});
    return {desired: [], diagnostics: mistakes.list};
  }
  const vmid = readVmid(spec['vmid'], mistakes);
  const fields = readSpec(spec, mistakes);
  readConfig(fields, spec['config'], mistakes);
  const creation = readCreation(spec, vmid ?? 0, mistakes);
  const retain = readRetain(spec['retainDisks'], vmid ?? 0, mistakes);
  const body = settle(fields, document);
  checkSpec({body, vmid: vmid ?? 0, creation}, mistakes);
  if (vmid === null) return {desired: [], diagnostics: mistakes.list};
  const depends = dependencies(spec['dependsOn']);
  const desired: Desired = {
    key: `guest/${vmid}`,
    kind: KIND,
    name: document.name,
    source: document.source,
    body,
    creation,
    directives: directivesOf(document),
    labels: labelsOf(document),
    dependsOn: depends,
    ...(retain === null ? {} : {retain}),
    protection: body['protection'] === true,
    claims: [...claimsOf(vmid, body, creation), ...(retain === null ? [] : [keeper(retain)])],
    range: document.range,
    ranges: {...fields.ranges, ...dependencyRanges(depends, document)},
  };
  const failed = mistakes.list.some(({severity}) => severity === 'error');
  return {desired: failed ? [] : [desired], diagnostics: mistakes.list};
}

function readVmid(value: unknown, mistakes: Mistakes): number | null {
  const pointer = pointerOf('vmid');
  if (value === undefined || value === null) {
    const detail = 'The VMID is what a guest is known by, so that creating it cannot race.';
    const remedy = 'Write a free VMID, such as vmid: 150.';
    addMistake(mistakes, 'vm-vmid-missing', pointer, {detail, remedy});
    return null;
  }
  const vmid = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (
    typeof vmid === 'number' &&
    Number.isSafeInteger(vmid) &&
    vmid >= 100 &&
    vmid <= 999_999_999
  ) {
    return vmid;
  }
  const detail = `vmid is ${quoted(value)}; Proxmox accepts 100 to 999999999.`;
  addMistake(mistakes, 'vm-vmid-range', pointer, {detail, remedy: 'Write such a number.'});
  return null;
}

/** The guest's name is the manifest's, unless said otherwise; `power: ignore` declares nothing. */
function settle({body, ranges}: ReadFields, document: ManifestDocument): Body {
  if (!('name' in body)) {
    body['name'] = document.name;
    ranges['name'] = rangeAt(document, '/metadata/name');
  }
  if (body['power'] === 'ignore') delete body['power'];
  return body;
}

/** A guest that is given disks is one that the source may touch. */
function keeper({to}: Retention): Claim {
  const value = to.slice('guest/'.length);
  return {space: 'vmid', value, exclusive: false, path: 'retainDisks.vmid'};
}

function dependencies(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => (typeof item === 'number' ? `guest/${item}` : String(item)));
}

function dependencyRanges(
  depends: readonly string[],
  document: ManifestDocument,
): {readonly [path: string]: SourceRange} {
  const entries = depends.map((_, index) => {
    return [
      `dependsOn.${index}`,
      rangeAt(document, pointerOf('dependsOn', String(index))),
    ] as const;
  });
  return Object.fromEntries(entries);
}
