// Why this exists: a commit changes one file of thousands. What a content means does not depend on
// its path or on anything else, so it is kept by the blob's id and parsed once; and what a document
// means is kept as long as its text, its path and the Defaults above it stay.
import type {Kind} from '../core/kind.ts';
import type {RepositoryFile} from '../core/model.ts';
import {decode} from './decode.ts';
import type {FolderDefaults} from './defaults.ts';
import {forget, forgettable} from './forgettable.ts';
import type {FoundInFile, Headed} from './found.ts';
import {MAX_SHARED, type Shared} from './light.ts';
import type {Outcome} from './outcome.ts';
import {type LocatedText, locatedText} from './places.ts';
import {type ParsedText, parseText} from './yaml-text.ts';

/** What is kept of one file. */
export interface CachedFile {
  readonly parsed: ParsedText;
  readonly located: LocatedText;
  /** Null until it was looked at. */
  found: FoundInFile | null;
}

/** The last revision of one source, parsed; grows with it and forgets what left. */
export class ParseCache {
  /** Contents parsed and contents found here, since the cache exists. */
  parsed = 0;
  reused = 0;
  /** What each document means under the Defaults of then. */
  readonly outcomes = new WeakMap<
    Headed,
    {readonly defaults: readonly FolderDefaults[]; readonly outcome: Outcome}
  >();
  readonly shared: Shared = new Map();
  #texts = new Map<string, ParsedText>();
  #seenTexts = new Map<string, ParsedText>();
  #files = new Map<string, CachedFile>();
  #seenFiles = new Map<string, CachedFile>();
  #kinds: readonly Kind[] = [];
  #source: string | null = null;

  /** Begins a revision. Under other kinds or as another source, texts keep their parsing only. */
  begin(source: string, kinds: readonly Kind[]): void {
    const same =
      source === this.#source &&
      kinds.length === this.#kinds.length &&
      kinds.every((kind, index) => kind === this.#kinds[index]);
    if (!same) this.#files = new Map();
    this.#kinds = kinds;
    this.#source = source;
  }

  /** A file with its parsed content, and what was found in it before if it is unchanged. */
  read({path, blob, bytes}: RepositoryFile): CachedFile {
    const known = this.#seenTexts.get(blob) ?? this.#texts.get(blob);
    if (known === undefined) this.parsed += 1;
    else this.reused += 1;
    const parsed = known ?? forgettable(parseBytes(bytes), bytes);
    this.#seenTexts.set(blob, parsed);
    const before = this.#files.get(path);
    const file =
      before?.parsed === parsed
        ? before
        : {parsed, located: locatedText(path, parsed), found: null};
    this.#seenFiles.set(path, file);
    return file;
  }

  /** Ends a revision: what it did not hold is forgotten. */
  settle(): void {
    this.#texts = this.#seenTexts;
    this.#files = this.#seenFiles;
    this.#seenTexts = new Map();
    this.#seenFiles = new Map();
    if (this.shared.size >= MAX_SHARED) this.shared.clear();
  }

  /** Lets go of the text's values where it was understood what they mean. */
  rest(): void {
    for (const {parsed, found} of this.#files.values()) {
      if (found === null || found.broken.length > 0 || !found.documents.every(isResource)) continue;
      const isUnderstood = (one: Headed): boolean => this.outcomes.get(one)?.outcome.valid === true;
      if (found.documents.every(isUnderstood)) forget(parsed);
    }
  }
}

function isResource({kind}: Headed): boolean {
  return kind.role === 'resource';
}

/** Decodes and parses one content. */
function parseBytes(bytes: Uint8Array): ParsedText {
  const {text, problem, broken} = decode(bytes);
  return problem === null ? parseText(text, broken) : {text, documents: [], problems: [problem]};
}
