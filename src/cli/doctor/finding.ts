// Why this exists: what doctor finds has one shape, for the terminal, for JSON and for tests.

/** One thing that was looked at. */
export interface DoctorFinding {
  /** Such as `connection https://pve1:8006`. */
  readonly what: string;
  readonly state: 'good' | 'warn' | 'bad';
  readonly says: string;
  /** What to do, as sentences or commands; empty when all is well. */
  readonly remedy: readonly string[];
}

/** A finding that all is well. */
export function good(what: string, says: string): DoctorFinding {
  return {what, state: 'good', says, remedy: []};
}

/** A finding that needs somebody. */
export function finding(
  state: 'warn' | 'bad',
  what: string,
  says: string,
  ...remedy: readonly string[]
): DoctorFinding {
  return {what, state, says, remedy};
}
