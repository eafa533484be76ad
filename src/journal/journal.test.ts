// Why this exists: a journal that forgets, or believes damage, does harm; so it is tested on real
// files, with a process that is killed in the middle of writing, a full disk and flipped bytes.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {DatabaseSync} from 'node:sqlite';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {JournalError} from '../core/ports.ts';
import {JOURNAL_CONTRACT} from './contract.ts';
import {toJournalError} from './failure.ts';
import {openJournal} from './journal.ts';
import {sampleApproval, sampleIntent, sampleOutcome, sampleRecord} from './samples.ts';
import {MIGRATIONS} from './schema.ts';
import {openStore} from './store.ts';

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
const open = (more: {readonly maxPages?: number} = {}, now?: number) =>
  openJournal({path, ...world(now), ...more});

function failure(body: () => unknown): Pick<JournalError, 'kind' | 'message' | 'remedy'> {
  try {
    body();
  } catch (error) {
    // Safe: the journal throws nothing else, and expect shows it if it did.
    return error as JournalError;
  }
  throw new Error('nothing was thrown');
}

describe.each([':memory:', 'a file'])('in %s', (place) => {
  it.each(JOURNAL_CONTRACT)('$title', ({check}) => {
    const journal = openJournal({path: place === ':memory:' ? place : path, ...world()});
    check(journal);
    journal.close();
  });
});

describe('the file', () => {
  it('belongs to us alone: the folder is 0700, all files are 0600', () => {
    const journal = open();
    journal.setValue('a', 'b');
    const modes = readdirSync(join(folder, 'data')).map((name) => [
      name,
      statSync(join(folder, 'data', name)).mode & 0o777,
    ]);
    expect(modes).toEqual([
      ['journal.db', 0o600],
      ['journal.db-shm', 0o600],
      ['journal.db-wal', 0o600],
    ]);
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
    journal.close();
  });

  it('is made private again when somebody opened it up', () => {
    open().close();
    chmodSync(path, 0o644);
    open().close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is refused in a folder that others may write to', () => {
    open().close();
    chmodSync(join(folder, 'data'), 0o770);
    expect(failure(open)).toMatchObject({kind: 'permission'});
  });

  it('keeps id, birth and everything else over a restart', () => {
    const first = open();
    first.accept();
    first.putRecord(sampleRecord({}));
    const id = first.openIntent(sampleIntent({}), sampleApproval({}));
    first.close();
    const second = open({}, 1_800_000_000_000);
    expect([second.id, second.birth, second.accepted()]).toEqual([first.id, first.birth, true]);
    expect(second.records('harness')).toEqual([sampleRecord({})]);
    expect(second.openIntents('harness').map((intent) => intent.id)).toEqual([id]);
    expect(second.isSpent('terminal/1')).toBe(true);
    second.close();
  });

  it('never gives an intent the number of another one', () => {
    const first = open();
    const id = first.openIntent(sampleIntent({}), null);
    first.close();
    new DatabaseSync(path).exec('DELETE FROM intents');
    const second = open();
    expect(second.openIntent(sampleIntent({}), null)).toBe(id + 1);
    second.close();
  });

  it('does not grow without bound: old outcomes go, unresolved intents stay', () => {
    const journal = open();
    const first = journal.openIntent(sampleIntent({}), null);
    journal.close();
    const database = new DatabaseSync(path);
    database.exec("UPDATE sqlite_sequence SET seq = 40959 WHERE name = 'intents'");
    database.exec(`INSERT INTO sqlite_sequence (name, seq) VALUES ('outcomes', 40958)`);
    database.close();
    const later = open();
    later.addOutcome(sampleOutcome({endedAt: 1}));
    expect(later.outcomes('harness', 9).length).toBe(1);
    new DatabaseSync(path).exec('UPDATE outcomes SET id = 7');
    later.addOutcome(sampleOutcome({endedAt: 2}));
    later.openIntent(sampleIntent({}), null);
    expect(later.outcomes('harness', 9).map(({endedAt}) => endedAt)).toEqual([2]);
    expect(later.openIntents('harness')[0]?.id).toBe(first);
    later.close();
  });
});

describe('two processes', () => {
  it('see each other’s rows at once', () => {
    const controller = open();
    const command = open();
    command.addRequest({kind: 'journal-accept'}, 1);
    expect(controller.takeRequests('harness')).toEqual([{kind: 'journal-accept'}]);
    controller.close();
    command.close();
  });

  it('see each other’s records, although each keeps what it read', () => {
    const controller = open();
    const command = open();
    controller.putRecord(sampleRecord({key: 'guest/150', name: 'one'}));
    const names = (journal: typeof command) => journal.records('harness').map(({name}) => name);
    expect([names(controller), names(command)]).toEqual([['one'], ['one']]);
    command.putRecord(sampleRecord({key: 'guest/150', name: 'two'}));
    expect([names(controller), names(command)]).toEqual([['two'], ['two']]);
    controller.putRecord(sampleRecord({key: 'guest/149', name: 'three'}));
    expect([names(controller), names(command)]).toEqual([
      ['three', 'two'],
      ['three', 'two'],
    ]);
    command.deleteRecord('harness', 'guest/150');
    expect([names(controller), names(command)]).toEqual([['three'], ['three']]);
    controller.close();
    command.close();
  });

  it('do not keep a record whose writing failed', () => {
    const journal = open();
    expect(journal.records('harness')).toEqual([]);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(failure(() => journal.putRecord(sampleRecord({})))).toMatchObject({kind: 'busy'});
    other.close();
    expect(journal.records('harness')).toEqual([]);
    journal.close();
  });

  it('wait shortly for each other, then say busy, and a reader is never kept out', () => {
    const journal = open();
    journal.setValue('a', 'b');
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(failure(() => journal.setValue('a', 'c'))).toMatchObject({kind: 'busy'});
    expect(journal.value('a')).toBe('b');
    other.exec('ROLLBACK');
    journal.setValue('a', 'c');
    expect(journal.value('a')).toBe('c');
    other.close();
    journal.close();
  });
});

it('an action that stands still is not forgotten, however much happens beside it', () => {
  const journal = openJournal({...world(), path: ':memory:'});
  const still = journal.openIntent(sampleIntent({key: 'guest/150'}), null);
  journal.closeIntent(still, 'done', 'OK');
  for (let n = 1; n <= 20_600; n++) {
    const id = journal.openIntent(sampleIntent({key: 'guest/151'}), null);
    journal.closeIntent(id, 'done', 'OK');
    if (n % 100 === 0) journal.addOutcome(sampleOutcome({key: 'guest/151', result: 'done'}));
  }
  expect(journal.unfinished('harness').map(({id}) => id)).toContain(still);
  expect(journal.intent(still + 1)).toBeNull();
  journal.close();
});

describe('when the disk is full', () => {
  it('a write says so and leaves nothing half done; reads go on', () => {
    const journal = open({maxPages: 40});
    const fill = () => {
      for (let n = 0; n < 2000; n++) {
        journal.openIntent(sampleIntent({fingerprint: `${n}`}), sampleApproval({id: `${n}`}));
      }
    };
    const error = failure(fill);
    expect(error).toMatchObject({kind: 'full'});
    expect(error.remedy).toContain('Make room');
    const intents = journal.openIntents('harness');
    expect(intents.length).toBeGreaterThan(5);
    expect(journal.isSpent(`${intents.length - 1}`)).toBe(true);
    expect(journal.isSpent(`${intents.length}`)).toBe(false);
    journal.close();
  });

  it('opening says so as well, where the index beside the file finds no room', () => {
    const error = Object.assign(new Error('disk I/O error'), {errcode: 4874});
    expect(toJournalError('journal.db', error)).toMatchObject({kind: 'full'});
    const other = Object.assign(new Error('disk I/O error'), {errcode: 266});
    expect(toJournalError('journal.db', other)).toMatchObject({kind: 'io'});
  });
});

describe('corruption', () => {
  function damage(at: number, bytes: Buffer): void {
    const handle = openSync(path, 'r+');
    writeSync(handle, bytes, 0, bytes.length, at);
    closeSync(handle);
  }

  function filled(): void {
    const journal = open();
    for (let n = 0; n < 200; n++) journal.putRecord(sampleRecord({key: `guest/${n}`}));
    journal.close();
  }

  it('is found at opening, with what to do', () => {
    filled();
    damage(4096, Buffer.alloc(8192, 0x5a));
    const error = failure(open);
    expect(error).toMatchObject({kind: 'corrupt'});
    expect(error.remedy).toContain('restore a backup');
  });

  it('of one page that nothing has asked for yet is found at opening too', () => {
    filled();
    damage(statSync(path).size - 4096, Buffer.from([0x5a]));
    expect(failure(open)).toMatchObject({kind: 'corrupt'});
  });

  it('that would not stop any statement is found at opening too', () => {
    filled();
    const pagesOnFreeList = 36;
    damage(pagesOnFreeList, Buffer.from([0, 0, 0, 9]));
    expect(failure(open)).toMatchObject({kind: 'corrupt'});
  });

  it('of the whole file is corruption too, not a new journal', () => {
    filled();
    writeFileSync(path, 'not a database, and long enough to look like one'.repeat(100));
    expect(failure(open)).toMatchObject({kind: 'corrupt'});
  });

  it('is what another program’s database is called', () => {
    open().close();
    rmSync(path);
    new DatabaseSync(path).exec('CREATE TABLE theirs (a)');
    expect(failure(open)).toMatchObject({kind: 'corrupt'});
  });
});

describe('versions', () => {
  const newer = 'ALTER TABLE records ADD COLUMN extra TEXT';
  const migrated = (migrations: readonly string[]) =>
    openStore({path, migrations, onCreate: () => {}, check: 'quick'});

  it('a newer schema is refused', () => {
    open().close();
    migrated([...MIGRATIONS, newer]).close();
    const error = failure(open);
    expect(error).toMatchObject({kind: 'newer'});
    expect(error.message).toContain(`schema version ${MIGRATIONS.length + 1}`);
  });

  it('an older one is migrated forward and keeps its rows', () => {
    const journal = open();
    journal.putRecord(sampleRecord({}));
    journal.close();
    const store = migrated([...MIGRATIONS, newer]);
    expect(store.get('SELECT key, extra FROM records')).toEqual({key: 'guest/150', extra: null});
    expect(store.get('SELECT count(*) AS n FROM identity')).toEqual({n: 1});
    store.close();
  });

  it('a migration that fails changes nothing at all', () => {
    open().close();
    const broken = [...MIGRATIONS, newer, 'ALTER TABLE nothing ADD COLUMN extra TEXT'];
    expect(failure(() => migrated(broken))).toMatchObject({kind: 'io'});
    const database = new DatabaseSync(path);
    expect(database.prepare('PRAGMA user_version').get()).toEqual({
      user_version: MIGRATIONS.length,
    });
    expect(() => database.prepare('SELECT extra FROM records')).toThrow('no such column');
    database.close();
  });
});

const WRITER = `
  const {openJournal} = await import(process.argv[1]);
  const random = {bytes: (length) => crypto.getRandomValues(new Uint8Array(length))};
  const journal = openJournal({path: process.argv[2], clock: Date, random});
  const {sampleIntent, sampleApproval} = await import(process.argv[3]);
  for (let n = 1; ; n++) {
    const fingerprint = String(n);
    const id = journal.openIntent(sampleIntent({fingerprint}), sampleApproval({id: fingerprint}));
    process.stdout.write(id + '\\n');
  }
`;

describe('a process killed in the middle of writing', () => {
  it('leaves every acknowledged row, and no approval spent without its intent', async () => {
    const module = (name: string) => new URL(name, import.meta.url).href;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', WRITER, module('journal.ts'), path, module('samples.ts')],
      {stdio: ['ignore', 'pipe', 'inherit']},
    );
    const ended = once(child, 'exit');
    let acknowledged = 0;
    for await (const line of createInterface({input: child.stdout})) {
      acknowledged = Number(line);
      if (acknowledged === 300) child.kill('SIGKILL');
    }
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(acknowledged).toBeGreaterThanOrEqual(300);
    const journal = open();
    const intents = journal.openIntents('harness').map((intent) => intent.id);
    expect(intents.length).toBeGreaterThanOrEqual(acknowledged);
    expect(intents).toEqual(intents.map((_, index) => index + 1));
    expect(journal.isSpent(String(intents.length))).toBe(true);
    expect(journal.isSpent(String(intents.length + 1))).toBe(false);
    journal.close();
  });
});
