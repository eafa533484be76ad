// Why this exists: a schedule of thirty events fails because of two or three; the others are
// left out one after the other as long as it still fails.
import {MOST_EVENTS, playSeed, type SeedResult} from './play-seed.ts';

/** The failing schedule with as few events as can be found by leaving out one at a time. */
export async function shrink(failing: SeedResult): Promise<SeedResult> {
  let smallest = failing;
  if (failing.violations.length === 0) return failing;
  let kept = Array.from({length: MOST_EVENTS}, (_, index) => index);
  for (let size = MOST_EVENTS / 2; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
      const result = await playSeed(failing.seed, new Set(fewer));
      if (result.violations.length > 0) [kept, smallest] = [fewer, result];
      else at += size;
    }
  }
  return {...smallest, log: [...smallest.log, `--only ${kept.join(',')}`]};
}
