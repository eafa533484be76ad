// Why this exists: forensics must neither be lost too early nor fill the disk of the journal.
import {mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {createEvidenceStore} from './evidence.ts';

const DAY_MS = 86_400_000;
const NOW = 1_700_000_000_000;
let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'pvegit-evidence-'));
});
afterEach(() => rmSync(data, {recursive: true, force: true}));

const folder = (): string => join(data, 'evidence', 'harness');
const files = (): readonly string[] => readdirSync(folder()).toSorted();

/** Saves bundles of about 1 KiB, oldest first; gives what is there afterwards. */
async function saved(
  names: readonly string[],
  {keepMs = 90 * DAY_MS, maxBytes = 1024 ** 3} = {},
): Promise<readonly string[]> {
  const store = createEvidenceStore(data, 'harness', {keepMs, maxBytes});
  for (const name of names) {
    expect(await store.save(name, {text: 'x'.repeat(1000)})).toMatchObject({ok: true});
  }
  return files().map((file) => file.replace('.json', ''));
}

const named = (daysAgo: number, guest: string, verb = 'update'): string =>
  `${NOW - daysAgo * DAY_MS}-guest-${guest}-${verb}`;

it('what is older than it is kept goes, but for the newest of each guest', async () => {
  const old = [named(200, '150'), named(100, '150'), named(120, '151')];
  const left = await saved([...old, named(80, '150'), named(0, '152', 'delete')]);
  expect(left).toEqual([named(120, '151'), named(80, '150'), named(0, '152', 'delete')].toSorted());
});

it('beyond the size the oldest goes first, but for the newest of each guest', async () => {
  const bundles = [named(9, '150'), named(8, '151'), named(7, '150'), named(6, '150')];
  const left = await saved([...bundles, named(5, '150')], {maxBytes: 3_500});
  expect(left).toEqual([named(8, '151'), named(6, '150'), named(5, '150')].toSorted());
});

it('nothing of a guest is ever without evidence, however small the size', async () => {
  const each = [named(3, '150'), named(2, '151'), named(1, '152')];
  expect(await saved(each, {maxBytes: 1, keepMs: 1})).toEqual(each.toSorted());
});

it('what somebody else put there stays, and bundles are private', async () => {
  await saved([named(300, '150')]);
  writeFileSync(join(folder(), 'notes.json'), 'mine');
  writeFileSync(join(folder(), 'keep-guest-150-update.json'), 'mine');
  await saved([named(0, '150')]);
  expect(files()).toEqual(
    [`${named(0, '150')}.json`, 'keep-guest-150-update.json', 'notes.json'].toSorted(),
  );
  expect(statSync(join(folder(), `${named(0, '150')}.json`)).mode & 0o777).toBe(0o600);
});
