// Why this exists: several alike guests are one manifest; each member is a VirtualMachine like any
// other, with its VMID as its identity, so that leaving the set is no delete.
import {isObject, type Json, type JsonObject} from '../../core/json.ts';
import type {ExpanderKind, ManifestDocument} from '../../core/kind.ts';
import type {Diagnostic, SourceRange} from '../../core/model.ts';
import {nthAddress} from './addresses.ts';
import {type CheckedSet, checkSet} from './check.ts';
import {type Member, replaced} from './placeholders.ts';
import {VIRTUAL_MACHINE_SET_SCHEMA} from './schema.ts';

/** The kind VirtualMachineSet. */
export const virtualMachineSet: ExpanderKind = {
  role: 'expander',
  name: 'VirtualMachineSet',
  schema: VIRTUAL_MACHINE_SET_SCHEMA,
  expand,
};

function expand(document: ManifestDocument): {
  readonly documents: readonly ManifestDocument[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const {set, diagnostics} = checkSet(document);
  if (set === null) return {documents: [], diagnostics};
  const ranges = templateRanges(document.ranges);
  const documents = Array.from({length: set.replicas}, (_, index) => {
    const member = {index, number: index + 1, vmid: set.vmidStart + index};
    return memberDocument(document, set, {member, ranges});
  });
  return {documents, diagnostics};
}

type Ranges = {readonly [pointer: string]: SourceRange};

/** What the template says at `/spec/template/…` is what a member says at `/spec/…`. */
function templateRanges(ranges: Ranges): Ranges {
  const moved: {[pointer: string]: SourceRange} = {};
  for (const [pointer, range] of Object.entries(ranges)) {
    if (/^#?\/spec\/template(?:\/|$)/.test(pointer)) {
      moved[pointer.replace('/spec/template', '/spec')] = range;
    } else if (/^#?\/metadata(?:\/|$)/.test(pointer)) moved[pointer] = range;
  }
  return moved;
}

interface MemberParts {
  readonly member: Member;
  readonly ranges: Ranges;
}

function memberDocument(
  document: ManifestDocument,
  set: CheckedSet,
  {member, ranges}: MemberParts,
): ManifestDocument {
  const name = `${set.prefix}-${member.number}`;
  const own: {[pointer: string]: SourceRange} = {...ranges};
  copyRange(document, '/spec/vmidStart', own, '/spec/vmid');
  copyRange(document, '/spec/prefix', own, '/metadata/name');
  // Safe: a template is a JSON object, and replacing texts in it leaves it one.
  const template = replaced(set.template, [], member) as JsonObject;
  let spec: JsonObject = {...template, vmid: member.vmid};
  for (const {slot, family, range, prefix} of set.addresses) {
    const key = family === 4 ? 'ip' : 'ip6';
    const address = nthAddress(range, prefix, member.index);
    spec = withAddress(spec, slot, {[key]: address});
    const pointer = `/spec/cloudInit/ipConfig/${slot}/${key}`;
    copyRange(document, `/spec/addresses/${slot}`, own, pointer);
  }
  const metadata = document.value['metadata'];
  return {
    kind: 'VirtualMachine',
    name,
    source: document.source,
    file: document.file,
    range: document.range,
    ranges: own,
    value: {
      apiVersion: document.value['apiVersion'],
      kind: 'VirtualMachine',
      // Safe: the head was checked; labels and annotations of the set hold for each member.
      metadata: {...(isObject(metadata) ? (metadata as JsonObject) : {}), name},
      spec,
    },
  };
}

function copyRange(
  document: ManifestDocument,
  from: string,
  ranges: {[pointer: string]: SourceRange},
  to: string,
): void {
  const [value, key] = [document.ranges[from], document.ranges[`#${from}`]];
  if (value !== undefined) ranges[to] = value;
  if (key !== undefined) ranges[`#${to}`] = key;
}

function withAddress(spec: JsonObject, slot: string, address: JsonObject): JsonObject {
  const cloudInit = objectAt(spec, 'cloudInit');
  const ipConfig = objectAt(cloudInit, 'ipConfig');
  const card = {...objectAt(ipConfig, slot), ...address};
  return {...spec, cloudInit: {...cloudInit, ipConfig: {...ipConfig, [slot]: card}}};
}

function objectAt(value: JsonObject, key: string): JsonObject {
  const found: Json | undefined = value[key];
  // Safe: a JSON value that is an object.
  return isObject(found) ? (found as JsonObject) : {};
}
