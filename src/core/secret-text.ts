// Why this exists: a secret must not be shown by accident: not by a log line, a template string, an
// error's inspection or JSON. Whoever wants it has to say so.

const HIDDEN = '(secret)';

/** A text that shows as `(secret)` wherever it is printed; `reveal` gives it. */
export class SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself: for the one place that sends or writes it, never to be kept. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  /** What `console.log` and `util.inspect` show in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN;
  }
}
