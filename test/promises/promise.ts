// Why this exists: a promise of the design is worth what proves it, so each stands here as data:
// what it says, which tests hold it, and where it is still open.

/** A test by its file and the title as it is written there. */
export type Test = readonly [file: string, title: string];

/** A suite that is no test file: the npm script that runs it. */
export interface Suite {
  readonly script: string;
}

/** Why something is not proven yet: the issue that it belongs to. */
export interface Open {
  readonly issue: 2 | 3 | 4 | 'later';
  readonly because: string;
}

/** One promise of the design's page on safety. */
export interface Promised {
  /** An item of `items.ts`: section, dot, number or name. */
  readonly item: string;
  readonly says: string;
  readonly by: readonly (Test | Suite)[];
  readonly open?: Open;
}

/** A promise that tests hold. */
export function held(item: string, says: string, ...by: readonly (Test | Suite)[]): Promised {
  return {item, says, by};
}

/** A promise that is not proven, or not wholly; `by` holds what there is. */
export function open(
  item: string,
  says: string,
  because: Open,
  ...by: readonly (Test | Suite)[]
): Promised {
  return {item, says, by, open: because};
}
