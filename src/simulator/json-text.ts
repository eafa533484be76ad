// Why this exists: a body that is no JSON is refused with the words, the place and the line that
// Perl's JSON::XS gives (decode_json in PVE::APIServer::AnyEvent::extract_params).

/** What is wrong with a JSON text and how many characters precede it; undefined: nothing is. */
export function jsonComplaint(text: string): string | undefined {
  const reader = new Reader(text);
  const problem = reader.blank().value() ?? reader.blank().end();
  return problem === undefined ? undefined : `${problem}, ${reader.place()}`;
}

type Problem = string | undefined;

const atoms: Readonly<Record<string, string>> = {t: 'true', f: 'false', n: 'null'};
const strange = 'malformed JSON string, neither tag, array, object, number, string or atom';

/** Reads forward and stops where JSON::XS does: a class because it owns a position. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where reading stopped, with the next twenty characters. */
  place(): string {
    const rest = [...this.#text.slice(this.#at)];
    const escapes: Readonly<Record<string, string>> = {'\n': '\\n', '\r': '\\r', '\t': '\\t'};
    const next = rest.slice(0, 20).map((one) => escapes[one] ?? (one === '\\' ? '\\\\' : one));
    const shown = `${next.join('')}${rest.length > 20 ? '...' : ''}`;
    const offset = [...this.#text.slice(0, this.#at)].length;
    return `at character offset ${offset} (before "${shown === '' ? '(end of string)' : shown}")`;
  }

  blank(): this {
    this.#take(/[ \t\r\n]*/y);
    return this;
  }

  end(): Problem {
    return this.#at < this.#text.length ? 'garbage after JSON object' : undefined;
  }

  value(): Problem {
    const first = this.#text[this.#at] ?? '';
    const atom = atoms[first];
    if (first === '"') return this.#string();
    if (first === '[') return this.#array();
    if (first === '{') return this.#object();
    if (/[-0-9]/.test(first)) return this.#number();
    if (atom === undefined) return strange;
    return this.#takeText(atom) ? undefined : `'${atom}' expected`;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #takeText(text: string): boolean {
    const fits = this.#text.startsWith(text, this.#at);
    this.#at += fits ? text.length : 0;
    return fits;
  }

  #string(): Problem {
    this.#at += 1;
    // Control characters are not allowed, so reading stops before them.
    this.#take(/(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*/y);
    const next = this.#text[this.#at];
    if (this.#takeText('"')) return undefined;
    if (next === undefined) return 'unexpected end of string while parsing JSON string';
    return next === '\\'
      ? 'illegal backslash escape sequence in string'
      : 'invalid character encountered while parsing JSON string';
  }

  #array(): Problem {
    return this.#members(']', ', or ] expected while parsing array', () => this.value());
  }

  #object(): Problem {
    return this.#members('}', ', or } expected while parsing object/hash', () => this.#pair());
  }

  #pair(): Problem {
    if (this.#text[this.#at] !== '"') return `'"' expected`;
    const problem = this.#string();
    if (problem !== undefined) return problem;
    return this.blank().#takeText(':') ? this.blank().value() : "':' expected";
  }

  #members(close: string, complaint: string, member: () => Problem): Problem {
    this.#at += 1;
    if (this.blank().#takeText(close)) return undefined;
    for (;;) {
      const problem = member();
      if (problem !== undefined) return problem;
      if (this.blank().#takeText(close)) return undefined;
      if (!this.#takeText(',')) return complaint;
      this.blank();
    }
  }

  #number(): Problem {
    this.#takeText('-');
    if (this.#takeText('0')) {
      if (this.#digit()) {
        return 'malformed number (leading zero must not be followed by another digit)';
      }
    } else if (!this.#digits()) {
      return 'malformed number (no digits after initial minus)';
    }
    if (this.#takeText('.') && !this.#digits()) {
      return 'malformed number (no digits after decimal point)';
    }
    if (this.#take(/[eE][+-]?/y) !== undefined && !this.#digits()) {
      return 'malformed number (no digits after exp sign)';
    }
    return undefined;
  }

  #digit(): boolean {
    return /[0-9]/.test(this.#text[this.#at] ?? '');
  }

  #digits(): boolean {
    return this.#take(/[0-9]+/y) !== undefined;
  }
}
