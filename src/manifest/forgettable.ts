// Why this exists: what a manifest of a guest says is read once, when its meaning is worked out;
// the texts and values of ten thousand of them were a third of the program's memory. They are let
// go, and had again from the file's bytes in the rare case that somebody asks for one.
import type {Json} from '../core/json.ts';
import {decode} from './decode.ts';
import type {Problem} from './problem.ts';
import {type ParsedDocument, type ParsedText, parseText} from './yaml-text.ts';

/** The same text, whose documents can be forgotten; one with problems stays as it is. */
export function forgettable(parsed: ParsedText, bytes: Uint8Array): ParsedText {
  const {text, documents, problems} = parsed;
  if (problems.length > 0 || documents.some((one) => one.problems.length > 0)) return parsed;
  latest = {bytes, text};
  return new ForgettableText(documents, bytes);
}

/** Lets the values of a text's documents go; whoever asks for one gets it all the same. */
export function forget({documents}: ParsedText): void {
  for (const document of documents) if (document instanceof Forgettable) document.forget();
}

/** Whoever asks for a text asks for it several times, and then never again: one is kept. */
let latest: {readonly bytes: Uint8Array; readonly text: string} | null = null;

function textOfLatest(bytes: Uint8Array): string {
  if (latest?.bytes !== bytes) latest = {bytes, text: decode(bytes).text};
  return latest.text;
}

/** One for all texts without problems, which nearly all are. */
const NONE: readonly Problem[] = [];

/** A text that is decoded whenever somebody asks for it. */
class ForgettableText implements ParsedText {
  readonly documents: readonly ParsedDocument[];
  readonly problems = NONE;
  readonly #bytes: Uint8Array;

  constructor(documents: readonly ParsedDocument[], bytes: Uint8Array) {
    this.documents = documents.map((document, index) => new Forgettable(this, index, document));
    this.#bytes = bytes;
  }

  get text(): string {
    return textOfLatest(this.#bytes);
  }
}

/** A document whose values come and go. */
class Forgettable implements ParsedDocument {
  readonly start: number;
  readonly end: number;
  readonly problems = NONE;
  readonly #from: ParsedText;
  readonly #index: number;
  #document: ParsedDocument | null;

  constructor(from: ParsedText, index: number, document: ParsedDocument) {
    this.start = document.start;
    this.end = document.end;
    this.#from = from;
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
    this.#document ??= parseText(this.#from.text).documents[this.#index] ?? null;
    return this.#document;
  }
}
