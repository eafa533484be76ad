// Why this exists: a lease that is taken from somebody who lives makes two controllers of one; one
// that is kept for the dead leaves the cluster alone.
import {spawnSync} from 'node:child_process';
import {describe, expect, it} from 'vitest';
import {openJournal} from '../journal/journal.ts';
import {holderName, isGone, withoutTheDead} from './holder.ts';
import {realClock, realRandom} from './world/clock.ts';

/** A name as this process would have it, with another process in it. */
function named(pid: number, change: (name: string) => string = (name) => name): string {
  return change(holderName('pvegit run').replace(`process ${process.pid},`, `process ${pid},`));
}

/** The number of a process that has ended. */
function ended(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

describe('the holder of a lease', () => {
  it('is not gone while it runs', () => {
    expect(isGone(holderName('pvegit run'))).toBe(false);
  });

  it('is gone once its process has ended', () => {
    expect(isGone(named(ended()))).toBe(true);
  });

  it('is gone when its number belongs to a process that began at another time', () => {
    expect(isGone(named(process.pid, (name) => name.replace(/-(\d+)\)$/, '-1)')))).toBe(true);
  });

  it.each([
    ['another boot', (name: string) => name.replace(/, [0-9a-f]{8}-/, ', 00000000-')],
    ['another container', (name: string) => name.replace(/-\d+-(\d+)\)$/, '-1-$1)')],
    ['no mark', (name: string) => name.replace(/, .*\)$/, ')')],
  ] as const)('may live where it cannot be seen: %s', (_, change) => {
    expect(isGone(named(ended(), change))).toBe(false);
  });
});

describe('a lease', () => {
  const open = () =>
    withoutTheDead(openJournal({path: ':memory:', clock: realClock, random: realRandom}));

  it('of a process that was killed is taken over at once', () => {
    const journal = open();
    journal.acquireLease('harness', named(ended()), 1_000, 30_000);
    expect(journal.acquireLease('harness', 'next', 2_000, 30_000)).toMatchObject({kind: 'held'});
  });

  it('of a process that runs is respected', () => {
    const journal = open();
    const holder = holderName('pvegit run');
    journal.acquireLease('harness', holder, 1_000, 30_000);
    const refused = {kind: 'other', holder, expiresAt: 31_000};
    expect(journal.acquireLease('harness', 'next', 2_000, 30_000)).toEqual(refused);
  });
});
