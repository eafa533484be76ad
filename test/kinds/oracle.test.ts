// Why this exists: what a running guest does with a change is taken from a recording of the real
// API, not from the simulator: each prediction of a cycle is held against what stayed pending.
import {existsSync, readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {isObject, type Json} from '../../src/core/json.ts';
import type {Body, Inventory, Observed} from '../../src/core/model.ts';
import {effectOf} from '../../src/kinds/virtual-machine/effect.ts';
import {placeOf} from '../../src/kinds/virtual-machine/field-path.ts';
import {observe} from '../../src/kinds/virtual-machine/observe.ts';

const FILE = new URL(
  '../../../shared/proxmox/recordings/10-vm-hotplug-pending.json',
  import.meta.url,
);
const GUEST = '/nodes/pve1/qemu/170';

interface Exchange {
  readonly n: number;
  readonly request: {readonly method: string; readonly path: string; readonly params: Json};
  readonly response: {readonly status: number; readonly json?: {readonly data: Json}};
}

interface Case {
  readonly title: string;
  readonly before: Observed;
  readonly after: Observed;
}

const cases = existsSync(FILE) ? casesOf(readFileSync(FILE, 'utf8')) : [];

describe.skipIf(cases.length === 0)('recording 10: a change of a running guest', () => {
  it('has enough cases to be an oracle', () => {
    expect(cases.length).toBeGreaterThan(8);
  });

  it.for(cases)('$title', ({before, after}) => {
    const moved = differing(before.body, after.body).filter((path) => isChange(path, after));
    expect(moved.length).toBeGreaterThan(0);
    for (const field of moved) {
      const to = after.body[field] ?? null;
      const effect = effectOf({field, from: before.body[field], to, observed: before});
      const cycles = before.power === 'running' && effect.kind === 'cycle';
      const waits = Object.hasOwn(after.active, field);
      expect(`${field} ${cycles ? 'waits' : 'is in force'}`).toBe(
        `${field} ${waits ? 'waits' : 'is in force'}`,
      );
    }
  });
});

/** What `/pending` said before and after one or several writes that all succeeded. */
function casesOf(text: string): readonly Case[] {
  // Safe: a recording has this shape; what it holds is read by the code under test.
  const {steps} = JSON.parse(text) as {readonly steps: readonly Exchange[]};
  const found: Case[] = [];
  let power: 'running' | 'stopped' = 'running';
  let before: Observed | null = null;
  let writes: readonly string[] = [];
  for (const {n, request, response} of steps) {
    if (request.path === `${GUEST}/pending`) {
      const after = observed(response.json?.data ?? null, power);
      if (before && after && writes.length > 0) {
        found.push({title: writes.join('; '), before, after});
      }
      before = after;
      writes = [];
    } else if (request.path.endsWith('/status/stop')) {
      power = 'stopped';
    } else if (request.method !== 'GET') {
      const write = request.path === `${GUEST}/config` && response.status === 200;
      if (!write || !isPlain(request.params)) before = null;
      writes = [...writes, `${n}: ${JSON.stringify(request.params)}`];
    }
  }
  return found;
}

/** Forced deletions and reverts are not what a plan writes. */
function isPlain(params: Json): boolean {
  return isObject(params) && !('force' in params) && !('revert' in params);
}

function observed(pending: Json, status: 'running' | 'stopped'): Observed | null {
  const listing = [
    {type: 'node', node: 'pve1', status: 'online'},
    {type: 'qemu', vmid: 170, node: 'pve1', status},
  ];
  const answers = {'/cluster/resources': listing, [`${GUEST}/pending`]: pending};
  const inventory: Inventory = {
    cluster: 'harness',
    takenAt: 0,
    reads: Object.fromEntries(
      Object.entries(answers).map(([path, data]) => [path, {path, outcome: {ok: true, data}}]),
    ),
    release: '8.4',
    clockOffsetMs: {},
  };
  const seen = observe('guest/170', inventory, 'home');
  return seen.kind === 'present' ? seen.observed : null;
}

/** A slot that leaves is one change; a volume that it sets free follows from it. */
function isChange(path: string, after: Observed): boolean {
  if (placeOf(path) === null || path.startsWith('unused.')) return false;
  const slot = path.split('.').slice(0, 2).join('.');
  return path === slot || !/^(disks|networks)\./.test(path) || after.body[slot] === true;
}

function differing(a: Body, b: Body): readonly string[] {
  const paths = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...paths].filter((path) => JSON.stringify(a[path]) !== JSON.stringify(b[path]));
}
