// Why this exists: people write durations as 90s, 30m, 2h or 3d.
import {CommandError} from './io.ts';

const UNITS = {s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000} as const;

/** Milliseconds of a duration such as `90s`; anything else is a clear error. */
export function parseDuration(text: string): number {
  const match = /^([1-9][0-9]{0,5})(s|m|h|d)$/.exec(text);
  const unit = match?.[2];
  if (match === null || (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd')) {
    throw new CommandError(`"${text}" is not a duration`, 'Write 90s, 30m, 2h or 3d.');
  }
  return Number(match[1]) * UNITS[unit];
}
