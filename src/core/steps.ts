// Why this exists: a plan of ten thousand guests takes a second, and a program that answers nobody
// for a second looks dead. Pure work says where it may be put down; the shell decides when.

/** Work that may be put down at each `yield` and taken up again; returns its result. */
export type Steps<T> = Generator<void, T>;

/** Carries steps out at once. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

/** Maps a list, with a place to put the work down after each item. */
export function* mapSteps<A, B>(items: Iterable<A>, map: (item: A) => B): Steps<readonly B[]> {
  const mapped: B[] = [];
  for (const item of items) {
    mapped.push(map(item));
    yield;
  }
  return mapped;
}
