// Why this exists: what a manifest of a guest says is read once, when its meaning is worked out;
// the values of ten thousand of them were a quarter of the program's memory. They are let go, and
// parsed again from the text in the rare case that Defaults change.
import type {Json} from '../core/json.ts';
import type {Problem} from './problem.ts';
import {type ParsedDocument, type ParsedText, parseText} from './yaml-text.ts';

/** The same text, whose documents can be forgotten; one with problems stays as it is. */
export function forgettable(parsed: ParsedText): ParsedText {
  const {text, documents, problems} = parsed;
  if (problems.length > 0 || documents.some((one) => one.problems.length > 0)) return parsed;
  const light = documents.map((document, index) => new Forgettable(text, index, document));
  return {text, documents: light, problems};
}

/** Lets the values of a text's documents go; whoever asks for one gets it all the same. */
export function forget({documents}: ParsedText): void {
  for (const document of documents) if (document instanceof Forgettable) document.forget();
}

/** A document whose values come and go. */
class Forgettable implements ParsedDocument {
  readonly start: number;
  readonly end: number;
  readonly problems: readonly Problem[];
  readonly #text: string;
  readonly #index: number;
  #document: ParsedDocument | null;

  constructor(text: string, index: number, document: ParsedDocument) {
    this.start = document.start;
    this.end = document.end;
    this.problems = document.problems;
    this.#text = text;
    this.#index = index;
    this.#document = document;
  }

  get value(): Json | undefined {
    return this.#parsed()?.value;
  }

  get places(): Int32Array {
    return this.#parsed()?.places ?? new Int32Array(0);
  }

  forget(): void {
    this.#document = null;
  }

  #parsed(): ParsedDocument | null {
    this.#document ??= parseText(this.#text).documents[this.#index] ?? null;
    return this.#document;
  }
}
