// Why this exists: a handler gives up the way Proxmox's code does, by dying with a text anywhere
// in the call; one place turns that into the status line and the body.

/** A refused request: `reason` is the status line's text, `errors` the map of a 400. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly errors: Readonly<Record<string, string>> | undefined;
  /** Some errors carry more lines in the body's message than in the status line. */
  readonly bodyMessage: string | undefined;

  constructor(
    status: number,
    reason: string,
    errors?: Readonly<Record<string, string>>,
    bodyMessage?: string,
  ) {
    super(reason);
    this.status = status;
    this.errors = errors;
    this.bodyMessage = bodyMessage;
  }
}

/** Refuse with a status and text; for most things 500, see facts.md section 3. */
export function fail(status: number, reason: string): never {
  throw new ApiFailure(status, reason);
}

/** Refuse with 400 `Parameter verification failed.` and one text per parameter. */
export function paramError(errors: Readonly<Record<string, string>>): never {
  throw new ApiFailure(400, 'Parameter verification failed.', errors);
}

/** Refuse with 403 `Permission check failed (/path, Priv)`; without detail, no parentheses. */
export function forbid(detail?: string): never {
  throw new ApiFailure(403, `Permission check failed${detail === undefined ? '' : ` (${detail})`}`);
}

/**
 * Run `body`; a refusal in it gets `prefix: ` before its text and is a 500, as Proxmox's locked
 * sections do: a 400 or 403 shows its number, and a 400 its parameters in the body's message.
 */
export function prefixed<T>(prefix: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ApiFailure) {
      const inner = error.status === 500 ? error.message : `${error.status} ${error.message}`;
      const lines = Object.entries(error.errors ?? {}).map(([key, text]) => `${key}: ${text}\n`);
      const reason = `${prefix}: ${inner}`;
      const whole = lines.length === 0 ? undefined : `${reason}\n${lines.join('')}`;
      throw new ApiFailure(500, reason, undefined, whole);
    }
    throw error;
  }
}

/** Refuse as sections that wrap another error do: 500 whose text begins with the inner status. */
export function wrapped(status: number, reason: string, detail?: string): never {
  const first = `${status} ${reason}`;
  throw new ApiFailure(
    500,
    first,
    undefined,
    `${first}\n${detail === undefined ? '' : `${detail}\n`}`,
  );
}
