// Why this exists: what a fleet costs in memory is what is kept of each guest. It is weighed after
// a collection, so that garbage and the machine do not count.
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {expect, it} from 'vitest';
import {manifestOf, pathOf, vmids} from '../../bench/fleet.ts';
import type {Manifests} from '../../src/core/kind.ts';
import type {RepositoryFile, Revision} from '../../src/core/model.ts';
import {kinds} from '../../src/kinds/index.ts';
import {ParseCache} from '../../src/manifest/parse-cache.ts';
import {readManifests} from '../../src/manifest/read.ts';

const GUESTS = 2_000;
/** Of one manifest, besides the bytes of its file: a third more than when this was written. */
const MOST_BYTES = 3_200;

setFlagsFromString('--expose-gc');
// Safe: the flag makes it a function of every context that is made from now on.
const collect = runInNewContext('gc') as () => void;

function weigh(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function fleet(guests: number): readonly RepositoryFile[] {
  return vmids(guests).map((vmid) => {
    const bytes = new TextEncoder().encode(manifestOf(vmid));
    return {path: pathOf(vmid), blob: `blob-${vmid}`, bytes};
  });
}

function revision(files: readonly RepositoryFile[]): Revision {
  return {
    source: 'fleet',
    commit: 'c1',
    branch: 'main',
    author: null,
    subject: null,
    committedAt: null,
    signature: {kind: 'unchecked'},
    ancestry: 'first',
    files,
    skipped: [],
  };
}

it('of a manifest that is understood little more is kept than what it says', () => {
  const files = fleet(GUESTS);
  // What is compiled and remembered once is not a guest's.
  readManifests({revision: revision(files.slice(0, 50)), kinds});
  const before = weigh();
  const cache = new ParseCache();
  const kept: Manifests = readManifests({revision: revision(files), kinds, cache});
  const perGuest = (weigh() - before) / GUESTS;
  expect(kept.desired).toHaveLength(GUESTS);
  expect(cache.parsed).toBe(GUESTS);
  expect(perGuest).toBeLessThan(MOST_BYTES);
  // What is not kept is had again when somebody asks.
  const [first] = kept.desired;
  expect(first?.ranges['cpu.cores']?.start.line).toBe(13);
});
