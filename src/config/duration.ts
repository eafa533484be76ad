// Why this exists: durations are written with their unit and are milliseconds from here on.

const UNITS: {readonly [unit: string]: number} = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `1.5h` … as whole milliseconds; null when it is not a duration. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  const factor = UNITS[match?.[2] ?? ''];
  return match === null || factor === undefined ? null : Math.round(Number(match[1]) * factor);
}
