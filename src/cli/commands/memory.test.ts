// Why this exists: what people ask of the durable memory is done there or refused with a reason,
// whether or not a cluster can be reached.
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type Desk, openDesk} from '../../../test/builders/terminal.ts';
import {MINIMAL} from '../../../test/fixtures/config.ts';
import type {Journal} from '../../core/ports.ts';
import {sampleIntent} from '../../journal/samples.ts';
import {openDataJournal} from '../workspace.ts';

let desk: Desk;
beforeEach(() => {
  desk = openDesk({'pvegit.yaml': `data: data\n${MINIMAL}`});
});
afterEach(() => desk.end());

/** Looks into the journal that the commands use. */
function look<T>(at: (journal: Journal) => T): T {
  const journal = openDataJournal(`${desk.folder}/data`);
  try {
    return at(journal);
  } finally {
    journal.close();
  }
}

describe('journal', () => {
  it('is copied into a new file, and put back as a new journal', async () => {
    const id = look((journal) => journal.id);
    const copied = await desk.run(['journal', 'backup', 'copy.db']);
    expect(copied).toMatchObject({code: 0, out: expect.stringContaining('was copied to')});
    const again = await desk.run(['journal', 'backup', 'copy.db']);
    expect(again.err).toContain('exists already');
    const restored = await desk.run(['--json', 'journal', 'restore', 'copy.db']);
    expect(restored.code).toBe(0);
    expect(JSON.parse(restored.out).done).toContain('the former one is');
    expect(look((journal) => journal.id)).not.toBe(id);
    expect((await desk.run(['journal', 'restore', 'none.db'])).err).toContain('does not exist');
  });

  it('takes the word that a new one is meant', async () => {
    expect((await desk.run(['journal', 'accept'])).code).toBe(0);
    expect(look((journal) => journal.takeRequests('harness'))).toEqual([{kind: 'journal-accept'}]);
  });
});

describe('a data folder', () => {
  it.each(['taken', 'taken/below'])(
    'that cannot be made is said with a way on: %s',
    async (data) => {
      desk.write('taken', 'a file');
      desk.write('pvegit.yaml', `data: ${data}\n${MINIMAL}`);
      const ran = await desk.run(['audit']);
      expect(ran.code).toBe(1);
      expect(ran.err).toMatch(/the data folder .*taken.* cannot be made: E/);
      expect(ran.err).toContain('name another: data in the configuration');
    },
  );

  it('is made with those above it', async () => {
    desk.write('pvegit.yaml', `data: some/where/else\n${MINIMAL}`);
    expect((await desk.run(['audit'])).code).toBe(0);
  });
});

describe('audit', () => {
  const entry = {
    at: Date.UTC(2026, 0, 5),
    cluster: 'harness',
    key: 'guest/150',
    what: 'update',
    commit: '1f3c9a2b07'.repeat(4),
    author: 'ann\u001b[2J',
    approver: 'bob',
    fingerprint: 'ab'.repeat(32),
    upid: null,
    before: {},
    after: {},
  };

  it('says what was changed, by whose commit and leave, and harms no terminal', async () => {
    look((journal) => journal.addAudit({...entry, result: 'done'}));
    look((journal) => journal.addAudit({...entry, key: 'guest/151', result: 'failed'}));
    const one = await desk.run(['audit', 'qemu/150']);
    expect(one.out.split('\n')).toHaveLength(1);
    expect(one.out).toContain('harness 150 ');
    expect(one.out).toContain('by ann\\u{1b}[2J, approved by bob abababababababab');
    const all = await desk.run(['audit', '--json', '--cluster', 'harness']);
    expect(JSON.parse(all.out)).toHaveLength(2);
  });

  it('takes no odd limit', async () => {
    expect((await desk.run(['audit', '--limit', 'some'])).err).toContain('needs a whole number');
  });
});

describe('what a person asks', () => {
  it('is written down once, for one resource', async () => {
    for (const kind of ['adopt', 'release', 'retry']) {
      expect((await desk.run([kind, '150'])).out).toContain(
        `asked to ${kind} 150 of harness in the next pass`,
      );
    }
    expect(look((journal) => journal.takeRequests('harness').map(({kind}) => kind))).toEqual([
      'adopt',
      'release',
      'retry',
    ]);
  });

  it('suspends for a while, and resumes', async () => {
    const words = ['suspend', '150', '--reason', 'by hand', '--for', '2h'];
    expect((await desk.run(words)).code).toBe(0);
    const [pause] = look((journal) => journal.suspensions('harness'));
    expect(pause).toMatchObject({key: 'guest/150', reason: 'by hand'});
    expect((pause?.expiresAt ?? 0) - (pause?.since ?? 0)).toBe(7_200_000);
    expect((await desk.run(['resume', '150'])).code).toBe(0);
    expect((await desk.run(['resume', '150'])).err).toContain('is not suspended');
    const odd = await desk.run(['suspend', '150', '--reason', 'x', '--for', 'soon']);
    expect(odd.err).toContain('is not a duration');
  });

  it('is refused when nothing is called so', async () => {
    expect((await desk.run(['retry', 'nobody'])).err).toContain('no managed resource is called');
    const other = await desk.run(['retry', '150', '--cluster', 'moon']);
    expect(other.err).toContain('no cluster is called "moon"');
  });

  it('about a rewritten history needs the whole commit', async () => {
    for (const commit of ['main', 'abcdef1', 'g'.repeat(40)]) {
      const {code, err} = await desk.run(['source', 'accept', 'infra', commit]);
      expect(err).toContain(`"${commit}" is not a full commit id`);
      expect(code).toBe(1);
    }
    expect((await desk.run(['source', 'accept', 'infra', 'ab'.repeat(20)])).code).toBe(0);
  });

  it('about a call needs its number and an answer', async () => {
    expect((await desk.run(['resolve', '12', '--done'])).err).toContain('no intent has the number');
    expect((await desk.run(['resolve', 'x', '--done'])).err).toContain('no intent has the number');
    const [open, closed] = look((journal) => {
      const ids = [1, 2].map(() => journal.openIntent(sampleIntent({cluster: 'harness'}), null));
      journal.closeIntent(ids[1] ?? 0, 'done', 'seen');
      return ids.map(String);
    });
    const known = await desk.run(['resolve', closed ?? '', '--done']);
    expect(known.err).toContain(`what became of intent ${closed} is known: done`);
    expect(known.code).toBe(1);
    expect((await desk.run(['resolve', open ?? ''])).err).toContain('either --done or --not-done');
    expect((await desk.run(['resolve', open ?? '', '--not-done'])).code).toBe(0);
  });
});
