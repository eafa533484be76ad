// Why this exists: a commit changes one file of thousands. What a content means does not depend on
// its path or on anything else, so it is kept by the blob's id and parsed once.
import type {RepositoryFile} from '../core/model.ts';
import {decode} from './decode.ts';
import {type ParsedText, parseText} from './yaml-text.ts';

/** Parsed contents of the last revision by blob id; grows with it and forgets what left. */
export class ParseCache {
  /** Files parsed and files found here, since the cache exists. */
  parsed = 0;
  reused = 0;
  #texts = new Map<string, ParsedText>();
  #seen = new Map<string, ParsedText>();

  /** The parsed content of a file. */
  read(file: RepositoryFile): ParsedText {
    const known = this.#seen.get(file.blob) ?? this.#texts.get(file.blob);
    if (known === undefined) this.parsed += 1;
    else this.reused += 1;
    const text = known ?? parseBytes(file.bytes);
    this.#seen.set(file.blob, text);
    return text;
  }

  /** Ends a revision: what it did not hold is forgotten. */
  settle(): void {
    this.#texts = this.#seen;
    this.#seen = new Map();
  }
}

/** Decodes and parses one content. */
export function parseBytes(bytes: Uint8Array): ParsedText {
  const {text, problem, broken} = decode(bytes);
  return problem === null ? parseText(text, broken) : {text, documents: [], problems: [problem]};
}
