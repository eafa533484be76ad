// Why this exists: our own mistakes must stop the pass instead of turning into a wrong call.

/** Thrown only by assert and unreachable; nobody but the loop and main may catch it. */
class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Stops the pass when something that this program promises itself does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks a branch that the types say cannot be reached. */
export function unreachable(value: never, what: string): never {
  throw new InvariantError(`${what}: unexpected ${JSON.stringify(value)}`);
}
