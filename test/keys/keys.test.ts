// Why this exists: every configuration key of Proxmox is managed as it behaves: the plan is one
// change with the right risk, applying confirms it, spellings make no difference, and what cannot
// be managed is refused with a reason. `npm run test:keys` prints the numbers.
import {existsSync, readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {isObject, type Json} from '../../src/core/json.ts';
import {qemuFamilies} from '../../src/kinds/guest/key-facts.ts';
import {KEY_EDITS, MODES} from './all-edits.ts';
import {titleOf} from './key-edit.ts';
import {checkRefused, REFUSED_KEYS} from './refused.ts';
import {runEdit} from './run-edit.ts';
import {runSpelling} from './run-spelling.ts';
import {SPELLINGS} from './spellings.ts';
import {MORE_SPELLINGS} from './spellings-more.ts';

const TABLE = new URL('../../../shared/proxmox/config-keys.json', import.meta.url);

describe.each(MODES)('an edit of a guest that is %s', (mode) => {
  it.for(KEY_EDITS.map((edit) => ({edit, title: titleOf(edit)})))('$title', async ({edit}) => {
    expect(await runEdit(edit, mode)).toEqual([]);
  });
});

describe('a key that cannot be managed is refused with a reason', () => {
  it.for(REFUSED_KEYS)('$key: $code', (refused) => {
    expect(checkRefused(refused)).toEqual([]);
  });
});

describe('spellings of the same make no difference', () => {
  it.for([...SPELLINGS, ...MORE_SPELLINGS])('$title', async (spelling) => {
    expect(await runSpelling(spelling)).toEqual([]);
  });
});

describe('the lists', () => {
  const named = new Set([...KEY_EDITS, ...REFUSED_KEYS].map(({key}) => key));

  it('name every key of a QEMU guest', () => {
    const keys = qemuFamilies().map(([key]) => key);
    expect(keys.filter((key) => !named.has(key))).toEqual([]);
  });

  it.skipIf(!existsSync(TABLE))('agree with the table of keys beside the project', () => {
    const table: Json = JSON.parse(readFileSync(TABLE, 'utf8'));
    const qemu = isObject(table) && isObject(table['qemu']) ? table['qemu'] : {};
    expect(Object.keys(qemu).filter((key) => !named.has(key))).toEqual([]);
    const edited = new Set(KEY_EDITS.map(({key}) => key));
    const rootOnly = Object.entries(qemu).filter(
      ([, facts]) => isObject(facts) && facts['root_only'] === true,
    );
    expect(rootOnly.filter(([key]) => edited.has(key))).toEqual([]);
    const known = new Map(qemuFamilies());
    for (const [key, facts] of Object.entries(qemu)) {
      const ours = known.get(key);
      if (ours && isObject(facts)) expect([key, ours.hotplug]).toEqual([key, facts['hotplug']]);
    }
  });
});
