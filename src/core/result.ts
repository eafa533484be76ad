// Why this exists: the world's failures are values, so that every caller has to look at them.

/** Either a value or the reason why there is none. */
export type Result<T, E> =
  | {readonly ok: true; readonly value: T}
  | {readonly ok: false; readonly error: E};

/** Wraps a value. */
export const ok = <T>(value: T): {readonly ok: true; readonly value: T} => ({ok: true, value});

/** Wraps a failure. */
export const err = <E>(error: E): {readonly ok: false; readonly error: E} => ({ok: false, error});
