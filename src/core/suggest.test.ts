// Why this exists: a suggestion that is not what was meant is worse than none.
import {describe, expect, it} from 'vitest';
import {editDistance, suggest} from './suggest.ts';

const FIELDS = ['cpu', 'memory', 'disks', 'networks', 'cloudInit', 'protection', 'tags'];

describe('suggest', () => {
  it.each([
    ['memroy', 'memory', 'two neighbours swapped'],
    ['network', 'networks', 'a letter missing'],
    ['cloud-init', 'cloudInit', 'separator and case do not count'],
    ['CPU', 'cpu', 'case does not count'],
    ['protektion', 'protection', 'one letter replaced'],
  ])('%s means %s: %s', (word, meant) => {
    expect(suggest(word, FIELDS)).toBe(meant);
  });

  it.each([
    ['bananas', 'nothing is near'],
    ['', 'an empty word means nothing'],
    ['x'.repeat(5000), 'a huge word is not compared'],
    ['z', 'one letter is not near to anything'],
  ])('%.12s means nothing: %s', (word) => {
    expect(suggest(word, FIELDS)).toBeUndefined();
  });

  it('prefers the nearest of several', () => {
    expect(suggest('scsi1', ['scsi0', 'scsi1', 'scsi10'])).toBe('scsi1');
  });
});

describe('editDistance', () => {
  it.each([
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['kitten', 'sitting', 3],
  ])('%s to %s is %d', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });
});
