// Why this exists: values that flow are plain JSON, and data from outside is unknown until it was
// looked at.

/** Plain data: what a golden file, the journal and the API can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | {readonly [key: string]: Json | undefined};

/** A JSON object. */
export type JsonObject = {readonly [key: string]: Json | undefined};

/** True for an object that is neither null nor a list. */
export function isObject(value: unknown): value is {readonly [key: string]: unknown} {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
