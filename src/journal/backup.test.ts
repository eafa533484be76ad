// Why this exists: a copy that cannot be put back is no backup, and one that is put back carelessly
// would let spent approvals count again.
import {existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {JournalError} from '../core/ports.ts';
import {restoreJournal} from './backup.ts';
import {openJournal} from './journal.ts';
import {sampleApproval, sampleIntent, sampleRecord} from './samples.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'data', 'journal.db');
});

afterEach(() => rmSync(folder, {recursive: true, force: true}));

let seed = 0;
const world = (now = 1_700_000_000_000) => ({
  clock: {now: () => now},
  random: {bytes: (length: number) => new Uint8Array(length).fill(++seed)},
});
const open = () => openJournal({path, ...world()});

function failure(body: () => unknown): Pick<JournalError, 'kind'> {
  try {
    body();
  } catch (error) {
    // Safe: the journal throws nothing else, and expect shows it if it did.
    return error as JournalError;
  }
  throw new Error('nothing was thrown');
}

describe('backup and restore', () => {
  const copy = () => join(folder, 'copy.db');

  it('a copy made in use is whole and private, and never overwrites', async () => {
    const journal = open();
    for (let n = 0; n < 500; n++) journal.putRecord(sampleRecord({key: `guest/${n}`}));
    await journal.backup(copy());
    expect(statSync(copy()).mode & 0o777).toBe(0o600);
    await expect(journal.backup(copy())).rejects.toMatchObject({kind: 'io'});
    journal.close();
    const copied = openJournal({path: copy(), ...world()});
    expect(copied.records('harness').length).toBe(500);
    copied.close();
  });

  it('a restored journal has the rows, but is new: other id, born now, not accepted', async () => {
    const journal = open();
    journal.accept();
    journal.putRecord(sampleRecord({}));
    journal.acquireLease('harness', 'one', 0, 1000);
    await journal.backup(copy());
    journal.putRecord(sampleRecord({key: 'guest/151'}));
    journal.close();
    const {former} = restoreJournal({from: copy(), to: path, ...world(1_800_000_000_000)});
    const restored = open();
    expect(restored.records('harness').map(({key}) => key)).toEqual(['guest/150']);
    expect(restored.id).not.toBe(journal.id);
    expect([restored.birth, restored.accepted()]).toEqual([1_800_000_000_000, false]);
    expect(restored.acquireLease('harness', 'two', 1, 1000)).toEqual({kind: 'held', token: 2});
    restored.close();
    expect(former !== null && existsSync(former)).toBe(true);
  });

  it('a restored journal goes on with nothing of the time when it was copied', async () => {
    const journal = open();
    const fingerprint = 'a'.repeat(64);
    const approval = sampleApproval({fingerprint});
    journal.openIntent(sampleIntent({fingerprint}), approval);
    journal.addRequest({kind: 'release', cluster: 'harness', key: 'guest/150'}, 1);
    await journal.backup(copy());
    journal.close();
    restoreJournal({from: copy(), to: path, ...world()});
    const restored = open();
    expect(restored.openIntents('harness')).toEqual([]);
    expect(restored.unfinished('harness')).toEqual([]);
    expect(restored.begun('harness', fingerprint)).toBeNull();
    expect(restored.isSpent(approval.id)).toBe(true);
    expect(restored.hasRequests('harness')).toBe(false);
    restored.close();
  });

  it('is refused while a process has the journal open, and over a damaged backup', async () => {
    const journal = open();
    await journal.backup(copy());
    expect(failure(() => restoreJournal({from: copy(), to: path, ...world()}))).toMatchObject({
      kind: 'busy',
    });
    journal.setValue('still', 'here');
    journal.close();
    writeFileSync(copy(), Buffer.alloc(20_000, 1));
    expect(failure(() => restoreJournal({from: copy(), to: path, ...world()}))).toMatchObject({
      kind: 'corrupt',
    });
    expect(open().value('still')).toBe('here');
  });

  it('takes the place of a corrupt journal, which is kept aside', async () => {
    const journal = open();
    journal.setValue('a', 'b');
    await journal.backup(copy());
    journal.close();
    writeFileSync(path, 'garbage'.repeat(2000));
    restoreJournal({from: copy(), to: path, ...world()});
    const restored = open();
    expect(restored.value('a')).toBe('b');
    restored.close();
    expect(readdirSync(join(folder, 'data')).some((name) => name.includes('.before-'))).toBe(true);
  });
});
