// Why this exists: the simulated cluster answers as fast as a real one did (recording 23), so that
// what is measured is not a race against an API that needs no time.
import timings from './timings.json' with {type: 'json'};

/** min, median, 95th percentile and max of one endpoint, ms. */
type Times = readonly number[];

const QUANTILES = [0, 0.5, 0.95, 1] as const;

/** Draws how long a call takes, ms; the same seed draws the same. */
export function serviceTimes(
  guests: number,
  seed: number,
): (method: string, template: string) => number {
  const tables = new Map<string, Times>();
  for (const [name, pair] of Object.entries(timings.ms)) tables.set(name, timesAt(pair, guests));
  const other = timesAt(timings.other, guests);
  const random = generator(seed);
  return (method, template) => draw(tables.get(`${method} ${template}`) ?? other, random());
}

/** Linear in the number of guests: lists grow with it, single reads hardly do. */
function timesAt(pair: readonly Times[], guests: number): Times {
  const [few = 0, many = 1] = timings.guests;
  const [low = [], high = []] = pair;
  const share = Math.max(0, (guests - few) / (many - few));
  return low.map((ms, index) => Math.max(ms / 2, ms + share * ((high[index] ?? ms) - ms)));
}

/** The inverse of the distribution, straight between the quantiles that are known. */
function draw(times: Times, at: number): number {
  for (let index = 1; index < QUANTILES.length; index += 1) {
    const [from = 0, to = 1] = [QUANTILES[index - 1], QUANTILES[index]];
    if (at > to) continue;
    const [low = 0, high = 0] = [times[index - 1], times[index]];
    return low + ((at - from) / (to - from)) * (high - low);
  }
  return times.at(-1) ?? 0;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
