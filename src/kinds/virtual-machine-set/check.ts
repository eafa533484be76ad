// Why this exists: a mistake in a set would be made once for each member; it is found before there
// is any, and told once.
import {diagnose} from '../../core/diagnostic.ts';
import type {IpRange} from '../../core/ip-address.ts';
import {isObject, type JsonObject} from '../../core/json.ts';
import type {ManifestDocument} from '../../core/kind.ts';
import type {Diagnostic} from '../../core/model.ts';
import {suggest} from '../../core/suggest.ts';
import {readRange, sizeOf} from './addresses.ts';
import {VIRTUAL_MACHINE_SET_CODES} from './codes.ts';
import {macTexts, misplaced, overflowsMac} from './placeholders.ts';

/** A set whose members can be made. */
export interface CheckedSet {
  readonly replicas: number;
  readonly vmidStart: number;
  readonly prefix: string;
  readonly template: JsonObject;
  readonly addresses: readonly SetAddresses[];
}

/** The addresses of one network card. */
export interface SetAddresses {
  readonly slot: string;
  readonly family: 4 | 6;
  readonly range: IpRange;
  readonly prefix: number;
}

type Tell = (
  code: keyof typeof VIRTUAL_MACHINE_SET_CODES,
  pointer: string,
  detail: string,
  remedy: string,
  more?: {readonly severity?: 'warning'; readonly suggestion?: string | undefined},
) => Diagnostic;

/** What a set says, and what is wrong with it; null if no members can be made. */
export function checkSet(document: ManifestDocument): {
  readonly set: CheckedSet | null;
  readonly diagnostics: readonly Diagnostic[];
} {
  const tell: Tell = (code, pointer, detail, remedy, more = {}) => {
    const range = document.ranges[pointer] ?? document.range;
    return diagnose(VIRTUAL_MACHINE_SET_CODES, code, {range, detail, remedy, ...more});
  };
  const set = readSet(document);
  if (set === null) return {set: null, diagnostics: []};
  const {addresses, diagnostics: inAddresses} = readAddresses(document, set, tell);
  const diagnostics = [
    ...checkIdentity(document, set, tell),
    ...checkPlaceholders(set, tell),
    ...checkNames(set, tell),
    ...inAddresses,
  ];
  const bad = diagnostics.some(({severity}) => severity === 'error');
  return {set: bad ? null : {...set, addresses}, diagnostics};
}

type BareSet = Omit<CheckedSet, 'addresses'>;

function readSet({value}: ManifestDocument): BareSet | null {
  const spec = value['spec'];
  if (!isObject(spec)) return null;
  const {replicas, vmidStart, prefix, template} = spec;
  if (typeof replicas !== 'number' || typeof vmidStart !== 'number') return null;
  if (typeof prefix !== 'string' || !isObject(template)) return null;
  // Safe: a part of a JSON value.
  return {replicas, vmidStart, prefix, template: template as JsonObject};
}

function checkIdentity(
  {value}: ManifestDocument,
  {template}: BareSet,
  tell: Tell,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  if ('vmid' in template) {
    const detail = 'Member i has the VMID vmidStart + i.';
    found.push(tell('set-template-vmid', '/spec/template/vmid', detail, 'Delete the line.'));
  }
  const metadata = value['metadata'];
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  if (isObject(annotations) && 'pvegit/adopt' in annotations) {
    const pointer = '/metadata/annotations/pvegit~1adopt';
    const detail = 'A witness belongs to one guest, and a set has several.';
    const remedy = 'Write each existing guest as a VirtualMachine; it can join the set later.';
    found.push(tell('set-adopt', pointer, detail, remedy));
  }
  return found;
}

function checkPlaceholders({template, ...set}: BareSet, tell: Tell): readonly Diagnostic[] {
  const known = ['{index}', '{number}', '{vmid}'];
  const found = misplaced(template, []).map(({kind, path, placeholder}) => {
    const pointer = pointerOf(path);
    if (kind === 'unknown') {
      const detail = `${placeholder} stands for nothing.`;
      const suggestion = suggest(placeholder, known);
      const remedy = `Write one of ${known.join(', ')}.`;
      return tell('set-placeholder-unknown', pointer, detail, remedy, {suggestion});
    }
    const detail = `${placeholder} is replaced only in name, cloudInit.ipConfig and mac.`;
    const remedy = 'Take it out; what differs otherwise needs a VirtualMachine of its own.';
    return tell('set-placeholder-place', pointer, detail, remedy);
  });
  const index = Math.max(0, set.replicas - 1);
  const last = {index, number: set.replicas, vmid: set.vmidStart + index};
  const macs = macTexts(template, []).flatMap(({text, path}) => {
    if (!overflowsMac(text, last)) return [];
    const detail = 'A part of a MAC has two hexadecimal digits; the last member’s is above 255.';
    const remedy = 'Use {index} or {number}, or leave the MAC out: Proxmox then makes one.';
    return [tell('set-placeholder-mac', pointerOf(path), detail, remedy)];
  });
  return [...found, ...macs];
}

function pointerOf(path: readonly string[]): string {
  const parts = path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'));
  return ['/spec/template', ...parts].join('/');
}

function checkNames({template, replicas}: BareSet, tell: Tell): readonly Diagnostic[] {
  const {name} = template;
  if (typeof name !== 'string' || replicas < 2) return [];
  if (/\{(?:index|number|vmid)\}/.test(name)) return [];
  const detail = 'Nothing in it differs between the members.';
  const remedy = 'Put {number} into it, or delete it: members are called prefix-1, prefix-2 …';
  return [tell('set-name-same', '/spec/template/name', detail, remedy)];
}

function readAddresses(
  {value}: ManifestDocument,
  set: BareSet,
  tell: Tell,
): {readonly addresses: readonly SetAddresses[]; readonly diagnostics: readonly Diagnostic[]} {
  const spec = value['spec'];
  const given = isObject(spec) && isObject(spec['addresses']) ? spec['addresses'] : {};
  const addresses: SetAddresses[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const [slot, text] of Object.entries(given)) {
    if (typeof text !== 'string') continue;
    const pointer = `/spec/addresses/${slot}`;
    const found = readRange(text.replace(/\s/g, ''));
    if (found.kind === 'bad') {
      const remedy = 'Write it as 10.0.70.100-10.0.70.119/24.';
      diagnostics.push(tell('set-addresses-range', pointer, `Here ${found.because}.`, remedy));
    } else if (found.kind === 'no-prefix') {
      const detail = 'The ends lie in different networks of the usual size.';
      const remedy = 'Write the length behind the range, as in …/23.';
      diagnostics.push(tell('set-addresses-prefix', pointer, detail, remedy));
    } else {
      const {range, prefix} = found;
      addresses.push({slot, family: range.first.family, range, prefix});
      diagnostics.push(...checkRange(set, {slot, pointer, ...found}, tell));
    }
  }
  return {addresses, diagnostics};
}

function checkRange(
  set: BareSet,
  at: {
    readonly slot: string;
    readonly pointer: string;
    readonly range: IpRange;
    readonly prefix: number;
    readonly assumed: boolean;
  },
  tell: Tell,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const size = sizeOf(at.range);
  if (size < BigInt(set.replicas)) {
    const detail = `It has ${size} addresses for ${set.replicas} members.`;
    const remedy = 'Make the range longer, or the set smaller.';
    found.push(tell('set-addresses-short', at.pointer, detail, remedy));
  }
  if (at.assumed) {
    const detail = `/${at.prefix} is taken.`;
    const remedy = `Write the length behind the range: …/${at.prefix}.`;
    found.push(tell('set-addresses-prefix', at.pointer, detail, remedy, {severity: 'warning'}));
  }
  const key = at.range.first.family === 4 ? 'ip' : 'ip6';
  const path = ['cloudInit', 'ipConfig', at.slot, key];
  const own = path.reduce<unknown>(
    (value, part) => (isObject(value) ? value[part] : undefined),
    set.template,
  );
  if (own !== undefined) {
    const detail = `The template gives ${at.slot} an address too; which one is meant is unclear.`;
    found.push(tell('set-addresses-twice', pointerOf(path), detail, 'Delete one of them.'));
  }
  return found;
}
