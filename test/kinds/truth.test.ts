// Why this exists: a plan that shows a difference where there is none, or loses a key, is untrue.
// Configurations that the real API gave, and ones made at random from what Proxmox knows of its
// keys, become manifests, and the plan of these against the very same guest is empty.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {checkImport} from '../../src/cli/import/check.ts';
import {importedFile, placeGuests} from '../../src/cli/import/files.ts';
import {isObject, type Json} from '../../src/core/json.ts';
import type {Inventory} from '../../src/core/model.ts';
import type {LeafFacts} from '../../src/kinds/guest/facts.ts';
import {qemuFamilies} from '../../src/kinds/guest/key-facts.ts';
import {virtualMachine} from '../../src/kinds/virtual-machine/index.ts';

const FOLDER = new URL('../../../shared/proxmox/recordings/', import.meta.url);

interface Recorded {
  readonly title: string;
  readonly pending: readonly Json[];
}

describe.skipIf(!existsSync(FOLDER))('a recorded configuration', () => {
  const all = recorded();

  it('was recorded often enough to tell something', () => {
    expect(all.length).toBeGreaterThan(100);
  });

  it('becomes a manifest whose plan is empty', () => {
    const wrong = all.flatMap(({title, pending}) => {
      const problem = problemOf(pending);
      return problem === null ? [] : [`${title}: ${problem}`];
    });
    expect(wrong).toEqual([]);
  });
});

describe('a configuration of any keys', () => {
  it('becomes a manifest whose plan is empty', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const entries = Object.entries(config).map(([key, value]) => ({key, value}));
        expect(problemOf(entries)).toBeNull();
      }),
      {numRuns: 100},
    );
  });
});

/** What is wrong with the way there and back; null: nothing. */
function problemOf(pending: readonly Json[]): string | null {
  const inventory = inventoryOf(pending);
  const seen = virtualMachine.observe('guest/150', inventory, 'home');
  if (seen.kind !== 'present') return `it is ${seen.kind}`;
  const guests = [{kind: virtualMachine, observed: seen.observed}];
  const [placed] = placeGuests(guests, 'flat', {names: new Set(), paths: []});
  if (placed === undefined) return 'it has no place';
  const exported = virtualMachine.export?.({
    observed: seen.observed,
    name: placed.name,
    inherited: {},
    inventory,
  });
  if (exported === undefined) return 'it cannot be exported';
  const imported = [importedFile(placed, exported, {inventory, schema: 'schema.json'})];
  const rest = {present: [], inventory, installation: 'home', source: 'infra', records: []};
  const {different, diagnostics} = checkImport({imported, ...rest});
  const mistakes = diagnostics.map(({summary, detail}) => `${summary} ${detail}`);
  const changes = different.flatMap((action) => [
    ...action.changes.map(({field, shown}) => `${field}: ${shown.from} → ${shown.to}`),
    ...action.findings.map(({reason, detail}) => `${reason}: ${detail}`),
  ]);
  const all = [...mistakes, ...changes];
  return all.length === 0 ? null : all.join('; ');
}

function inventoryOf(pending: readonly Json[]): Inventory {
  const uuid = {key: 'smbios1', value: 'uuid=6f9619ff-8b86-4011-b42d-00c04fc964ff'};
  const has = pending.some((one) => isObject(one) && one['key'] === 'smbios1' && 'value' in one);
  const data = has ? pending : [...pending, uuid];
  const listing = [
    {type: 'node', id: 'node/pve1', node: 'pve1', status: 'online'},
    {type: 'qemu', id: 'qemu/150', node: 'pve1', vmid: 150, status: 'stopped'},
  ];
  const reads = {
    '/cluster/resources': listing,
    '/nodes/pve1/qemu/150/pending': data,
    '/nodes/pve1/qemu/150/snapshot': [],
    '/nodes/pve1/qemu/150/status/current': {status: 'stopped', qmpstatus: 'stopped'},
  };
  return {
    cluster: 'harness',
    takenAt: 0,
    release: '9.1',
    clockOffsetMs: {},
    reads: Object.fromEntries(
      Object.entries(reads).map(([path, data]) => [path, {path, outcome: {ok: true, data}}]),
    ),
  };
}

/** Each answer of `/pending` and `/config` of a virtual machine that differs from the others. */
function recorded(): readonly Recorded[] {
  const found = new Map<string, Recorded>();
  for (const name of readdirSync(FOLDER).filter((one) => one.endsWith('.json'))) {
    // Safe: what is read from a recording is told apart below.
    const {steps} = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as {steps?: Json[]};
    for (const step of steps ?? []) {
      const {n, request, response} = isObject(step) ? step : {};
      const path = isObject(request) && request['method'] === 'GET' ? String(request['path']) : '';
      const match = /^\/nodes\/[^/]+\/qemu\/(\d+)\/(pending|config)$/.exec(path);
      const json = isObject(response) && response['status'] === 200 ? response['json'] : null;
      const data = isObject(json) ? json['data'] : null;
      const pending = match?.[2] === 'config' ? asPending(data) : data;
      if (match === null || !Array.isArray(pending) || pending.some(isUnsettled)) continue;
      const own = JSON.parse(JSON.stringify(pending).replaceAll(`-${match[1]}-`, '-150-'));
      found.set(JSON.stringify(own), {title: `${name} step ${n}`, pending: own});
    }
  }
  return [...found.values()];
}

/** What waits for a stop and start, or is locked, is not adopted. */
function isUnsettled(entry: Json): boolean {
  if (!isObject(entry)) return true;
  return 'pending' in entry || 'delete' in entry || entry['key'] === 'lock';
}

function asPending(data: Json | undefined): Json {
  if (!isObject(data)) return null;
  return Object.entries(data).map(([key, value]) => ({key, value: value ?? null}));
}

const MAC = 'BC:24:11:00:00:0';
/** Texts of a form that the facts do not tell. */
const TEXTS: {readonly [name: string]: readonly string[]} = {
  bridge: ['vmbr0', 'vmbr1'],
  macaddr: [`${MAC}1`, `${MAC}a`],
  serial: ['abc', 'WD-1'],
  ip: ['10.0.0.5/24', 'dhcp'],
  gw: ['10.0.0.1'],
  description: ['one line', 'two\nlines', 'täst: "quoted" #1', ' leading', '- a list\n- of two'],
  name: ['web-1', 'db.example'],
  nameserver: ['10.0.0.1', '10.0.0.1 10.0.0.2'],
  searchdomain: ['example.org'],
  tags: ['a;b', 'b;a', 'web'],
  ciuser: ['dmg', 'on', '0755'],
  cipassword: ['**********'],
  startdate: ['now', '2006-06-17T16:01:21'],
  hookscript: ['local:snippets/a.pl'],
  vmstatestorage: ['local'],
};

/** One value as Proxmox may give it back; null where the facts do not tell what it looks like. */
function oneOf(name: string, facts: LeafFacts): fc.Arbitrary<string | number> | null {
  const texts = TEXTS[name];
  if (texts !== undefined) return fc.constantFrom(...texts);
  if (facts.enum !== undefined) return fc.constantFrom(...facts.enum);
  if (facts.type === 'boolean') return fc.constantFrom<string | number>('0', '1', 0, 1);
  if (facts.type === 'integer') {
    const {minimum = 0, maximum = 64} = facts;
    const number = fc.integer({min: minimum, max: Math.min(maximum, minimum + 5000)});
    const any = fc.oneof(fc.constant(minimum), number);
    return any.chain((one) => fc.constantFrom<string | number>(one, String(one)));
  }
  return null;
}

/** A property string: what is required and some of the rest. */
function packed(
  properties: Readonly<Record<string, LeafFacts>>,
  file: string | null,
): fc.Arbitrary<string> | null {
  const parts: fc.Arbitrary<readonly string[]>[] = [];
  for (const [sub, facts] of Object.entries(properties)) {
    if (facts.alias !== undefined || sub === 'media' || sub === 'size') continue;
    if (sub === 'file' && file !== null) {
      parts.push(fc.constant([file]));
      continue;
    }
    const value = oneOf(sub, facts);
    const needed = facts.required === true || facts.defaultKey === true;
    if (value === null && needed) return null;
    if (value === null) continue;
    const part = value.map((one) => [facts.defaultKey === true ? String(one) : `${sub}=${one}`]);
    parts.push(needed ? part : fc.oneof(fc.constant([]), fc.constant([]), part));
  }
  return parts.length === 0 ? null : fc.tuple(...parts).map((all) => all.flat().join(','));
}

const SKIPPED = new Set(['smbios1', 'unusedN', 'meta', 'lock', 'template', 'parent', 'vmgenid']);

const configs: fc.Arbitrary<{readonly [key: string]: string | number}> = fc
  .tuple(
    ...qemuFamilies().flatMap(([family, facts]) => {
      if (SKIPPED.has(family)) return [];
      const key = family.replace(/N$/, '1');
      const volume = /^(?:ide|sata|scsi|virtio)N$|^(?:efidisk0|tpmstate0)$/.test(family);
      const file = volume ? `local-lvm:vm-150-disk-${key}` : null;
      const value =
        facts.properties === undefined ? oneOf(family, facts) : packed(facts.properties, file);
      if (value === null) return [];
      const text = volume ? value.map((one) => `${one},size=4G`) : value;
      return [fc.option(text, {nil: null, freq: 3}).map((one) => [key, one] as const)];
    }),
  )
  .map((all) => {
    const set = all.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
    return Object.fromEntries(set);
  });
