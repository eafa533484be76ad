// Why this exists: files into documents that are meant as manifests, each with its head checked
// and, if it is broken, with what it still claims: nothing that was seen may look as if it were
// gone.
import {isObject, type Json} from '../core/json.ts';
import type {Kind, ManifestDocument} from '../core/kind.ts';
import type {Diagnostic, Revision} from '../core/model.ts';
import {mapSteps, type Steps} from '../core/steps.ts';
import {quoted} from '../core/visible.ts';
import {guess, isOurs} from './classify.ts';
import {manifestDocument, mistake, placed, valueAt} from './document.ts';
import {readEnvelope} from './envelope.ts';
import {selectFiles} from './files.ts';
import {type Broken, claimedKeys, type FoundInFile, type Headed} from './found.ts';
import {flat} from './light.ts';
import type {ParseCache} from './parse-cache.ts';
import {type LocatedText, rangeAt} from './places.ts';
import type {ParsedDocument, ParsedText} from './yaml-text.ts';

/** The documents of a revision. */
export interface Gathered {
  readonly source: string;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly documents: readonly Headed[];
  readonly broken: readonly Broken[];
  readonly diagnostics: readonly Diagnostic[];
  readonly texts: ReadonlyMap<string, LocatedText>;
}

/** Reads the files of a revision through the cache, and sorts documents into good and broken. */
export function* gather(
  revision: Revision,
  kindList: readonly Kind[],
  cache: ParseCache,
): Steps<Gathered> {
  const kinds = new Map(kindList.map((kind) => [kind.name, kind]));
  const context = {source: revision.source, kinds};
  const selection = selectFiles(revision);
  const texts = new Map<string, LocatedText>();
  cache.begin(revision.source, kindList);
  const found = yield* mapSteps(selection.files, (file) => {
    const cached = cache.read(file);
    texts.set(file.path, cached.located);
    cached.found ??= readFile(cached.parsed, cached.located, context);
    return cached.found;
  });
  const unread = selection.diagnostics.filter(({severity}) => severity === 'error');
  return {
    source: revision.source,
    kinds,
    documents: found.flatMap(({documents}) => documents),
    broken: [...unread.map(brokenEntry), ...found.flatMap(({broken}) => broken)],
    diagnostics: [...selection.diagnostics, ...found.flatMap(({diagnostics}) => diagnostics)],
    texts,
  };
}

interface Context {
  readonly source: string;
  readonly kinds: ReadonlyMap<string, Kind>;
}

function brokenEntry({range}: Diagnostic): Broken {
  const file = range?.file ?? '';
  return {file, kind: kindByPath(file), name: null, keys: []};
}

/** An unreadable file called defaults.yaml must be feared to be the Defaults of its folder. */
function kindByPath(file: string): string | null {
  return /(?:^|\/)defaults[^/]*$/i.test(file) ? 'Defaults' : null;
}

function readFile(parsed: ParsedText, located: LocatedText, context: Context): FoundInFile {
  const documents = parsed.documents.map((document) => readDocument(document, located, context));
  const [only] = documents;
  if (only !== undefined && documents.length === 1 && parsed.problems.length === 0) return only;
  const diagnostics = parsed.problems.map((problem) => placed(problem, located));
  const isBroken = diagnostics.some(({severity}) => severity === 'error');
  return {
    documents: documents.flatMap((found) => found.documents),
    broken: [
      ...(isBroken ? [brokenText(located.text, located.file)] : []),
      ...documents.flatMap((found) => found.broken),
    ],
    diagnostics: [...diagnostics, ...documents.flatMap((found) => found.diagnostics)],
  };
}

function brokenText(text: string, file: string): Broken {
  const {vmids, kind} = guess(text);
  const keys = vmids.map((vmid) => `guest/${vmid}`);
  return {file, kind: kind ?? kindByPath(file), name: null, keys};
}

function readDocument(parsed: ParsedDocument, located: LocatedText, context: Context): FoundInFile {
  const text = located.text.slice(parsed.start, parsed.end);
  const {value} = parsed;
  const problems = parsed.problems.map((problem) => placed(problem, located));
  const isBroken = problems.some(({severity}) => severity === 'error');
  if (value === undefined) {
    const broken = [brokenText(wholePart(parsed, located), located.file)];
    return {documents: [], broken, diagnostics: problems};
  }
  if (!isOurs(value, text, [...context.kinds.keys()])) {
    return foreign(parsed, located, isBroken ? problems : []);
  }
  if (!isObject(value)) return notAMap(parsed, located, problems);
  const kindName = String(value['kind']);
  const head = {kind: kindName, name: '', source: context.source};
  const raw = manifestDocument(parsed, located, head);
  const named = (name: string) => {
    const parts = {kind: kind?.name ?? kindName, name: flat(name), source: context.source};
    return manifestDocument(parsed, located, parts, raw.range);
  };
  const envelope = readEnvelope(raw, context.kinds);
  const diagnostics = [...problems, ...envelope.diagnostics];
  const {kind, name} = envelope;
  const bad = diagnostics.some(({severity}) => severity === 'error');
  const judged = kind !== null && !problems.some(({code}) => LOSES_VALUES.has(code));
  if (bad || kind === null || name === null) {
    const document = named(name ?? '');
    const documents = judged && isObject(value['spec']) ? [{kind, document, bad: true}] : [];
    return {documents, broken: [brokenValue(raw, name, text)], diagnostics};
  }
  const documents = [{kind, document: named(name), bad: false}];
  return {documents, broken: NONE, diagnostics: diagnostics.length === 0 ? NONE : diagnostics};
}

/** One for all documents where nothing is wrong, which nearly all are. */
const NONE: readonly never[] = [];

/** Where these are refused, what is left lacks what was there. */
const LOSES_VALUES: ReadonlySet<string> = new Set([
  'yaml-alias',
  'yaml-key-complex',
  'yaml-key-empty',
  'yaml-key-not-text',
  'yaml-key-too-long',
  'yaml-merge-key',
  'yaml-refused-key',
  'yaml-tag',
  'yaml-too-many-values',
]);

function wholePart(parsed: ParsedDocument, located: LocatedText): string {
  return located.text.slice(parsed.start, parsed.end);
}

function brokenValue(raw: ManifestDocument, name: string | null, text: string): Broken {
  const guessed = guess(text).vmids.map((vmid) => `guest/${vmid}`);
  return {
    file: raw.file,
    kind: raw.kind,
    name,
    keys: [...guessed, ...claimedKeys(raw.kind, name, raw.value)],
  };
}

function foreign(
  parsed: ParsedDocument,
  located: LocatedText,
  problems: readonly Diagnostic[],
): FoundInFile {
  const kind = valueAt(parsed.value, 'kind');
  const what = typeof kind === 'string' ? `It is a ${quoted(kind)}` : 'It has no apiVersion';
  const detail = `${what}, so it is not meant for pvegit.`;
  const diagnostic = mistake('not-a-manifest', {
    range: rangeAt(located, parsed.start, Math.min(parsed.end, parsed.start + 1)),
    detail,
    remedy: 'Nothing, if that is so; else begin it with "apiVersion: pvegit/v1".',
    severity: 'info',
  });
  // What YAML refuses in a file of another program is that program's business.
  const told = problems.map((problem) => ({...problem, severity: 'info' as const}));
  return {documents: [], broken: [], diagnostics: told.length > 0 ? told : [diagnostic]};
}

function notAMap(
  parsed: ParsedDocument,
  located: LocatedText,
  problems: readonly Diagnostic[],
): FoundInFile {
  const diagnostic = mistake('manifest-not-a-map', {
    range: rangeAt(located, parsed.start, parsed.start + 1),
    detail: `It is ${quoted(parsed.value as Json)}; a manifest has fields.`, // Safe: was parsed.
    remedy: 'Write each manifest as a document of its own, parted by a line "---".',
  });
  const text = located.text.slice(parsed.start, parsed.end);
  return {
    documents: [],
    broken: [brokenText(text, located.file)],
    diagnostics: [...problems, diagnostic],
  };
}
