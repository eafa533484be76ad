// Why this exists: which entries of a revision are manifests, and which of the others a person must
// be told of, because a manifest may be in them that would otherwise look deleted.
import type {Diagnostic, RepositoryFile, Revision, SourceRange} from '../core/model.ts';
import {bare, quoted, visible} from '../core/visible.ts';
import type {ManifestCode} from './codes.ts';
import {mistake} from './document.ts';
import {MAX_FILES, MAX_PATH_LENGTH, MAX_TOTAL_BYTES} from './limits.ts';

/** The files to read, sorted by path, and what is wrong with the rest. */
export interface Selection {
  readonly files: readonly RepositoryFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Chooses the YAML files of a revision; hidden ones, READMEs and other files are left alone. */
export function selectFiles(revision: Revision): Selection {
  const diagnostics: Diagnostic[] = revision.skipped.flatMap(({path, because}) =>
    isHidden(path) || !mayHoldManifests(path) ? [] : [skipped(path, because)],
  );
  const seen = new Set<string>();
  const files: RepositoryFile[] = [];
  let bytes = 0;
  for (const file of [...revision.files].sort((a, b) => compare(a.path, b.path))) {
    if (isHidden(file.path)) continue;
    if (!isYaml(file.path)) {
      diagnostics.push(...almostYaml(file.path));
      continue;
    }
    const bad = pathMistake(file.path) ?? (seen.has(file.path) ? twice(file.path) : null);
    seen.add(file.path);
    bytes += file.bytes.length;
    const beyond = bad ?? beyondLimits(file.path, files.length, bytes);
    if (beyond === null) files.push(file);
    else diagnostics.push(beyond.diagnostic);
    if (beyond?.stop === true) break;
  }
  return {files, diagnostics};
}

/** Order of paths that no language setting changes. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The beginning of a file whose text is not at hand. */
function startOf(path: string): SourceRange {
  const start = {line: 1, column: 1, offset: 0};
  return {file: path, start, end: start};
}

/** A frame for an entry whose content was not read. */
export function emptyFrame(because: string): string {
  return `1 | (${visible(because)})\n  | ^`;
}

interface Beyond {
  readonly diagnostic: Diagnostic;
  readonly stop: boolean;
}

function fileMistake(
  code: ManifestCode,
  path: string,
  because: string,
  parts: {readonly detail: string; readonly remedy: string},
): Diagnostic {
  return {...mistake(code, {range: startOf(path), ...parts}), frame: emptyFrame(because)};
}

/** `.git`, `.github/…`, `.pre-commit.yaml`: files of other programs, in any folder. */
function isHidden(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.') && part !== '.' && part !== '..');
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}

/** A link or submodule can stand for a whole folder of manifests; an image cannot. */
function mayHoldManifests(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return isYaml(path) || !name.includes('.');
}

function skipped(path: string, because: string): Diagnostic {
  return fileMistake('file-not-read', path, `not read: ${because}`, {
    detail: `${quoted(path)}: ${bare(because)}.`,
    remedy: remedyFor(because),
  });
}

function remedyFor(because: string): string {
  if (because.startsWith('larger'))
    return 'Split it: several small manifests make a better review.';
  if (because.includes('name')) return 'Give the file a name of plain characters.';
  if (because.includes('LFS')) return 'Take it out of Git LFS; manifests are small.';
  return 'Put the file itself there; links and submodules are never followed.';
}

/** An error, not a warning: a guest must not look unwanted because its file was renamed. */
function almostYaml(path: string): readonly Diagnostic[] {
  if (!/\.(YA?ML|Ya?ml|yaml[a-z]|yam|yaml\.txt|yml\.txt)$/.test(path)) return [];
  return [
    fileMistake('file-extension', path, 'not read: the ending', {
      detail: `${quoted(path)} was not read.`,
      remedy: 'Let its name end in .yaml, or move it elsewhere.',
    }),
  ];
}

function pathMistake(path: string): Beyond | null {
  const parts = path.split('/');
  const dots = parts.some((part) => part === '' || part === '.' || part === '..');
  const odd = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\]/u.test(path);
  if (!dots && !odd && path.length <= MAX_PATH_LENGTH) return null;
  const because = dots
    ? 'It leaves the folder, or has an empty part'
    : odd
      ? 'It holds a character that cannot be seen, or a backslash'
      : `It has more than ${MAX_PATH_LENGTH} characters`;
  const detail = `${quoted(path)}: ${because}.`;
  const remedy = 'Rename the file; paths are relative, with slashes and visible characters.';
  const parameters = {detail, remedy};
  return {diagnostic: fileMistake('file-path', path, 'not read', parameters), stop: false};
}

function twice(path: string): Beyond {
  const detail = `${quoted(path)} was given with two contents; only the first was read.`;
  const remedy = 'Fetch again; a Git tree cannot hold the same path twice.';
  const diagnostic = fileMistake('file-twice', path, 'read once', {detail, remedy});
  return {diagnostic, stop: false};
}

function beyondLimits(path: string, count: number, bytes: number): Beyond | null {
  const remedy = 'Point the source at a sub-path, or split the repository into sources.';
  if (count >= MAX_FILES) {
    const detail = `The limit is ${MAX_FILES}; this file and those after it were not read.`;
    const diagnostic = fileMistake('file-too-many', path, 'not read', {detail, remedy});
    return {diagnostic, stop: true};
  }
  if (bytes <= MAX_TOTAL_BYTES) return null;
  const detail = `The limit is ${MAX_TOTAL_BYTES} bytes; from this file on nothing was read.`;
  const diagnostic = fileMistake('file-total-too-large', path, 'not read', {detail, remedy});
  return {diagnostic, stop: true};
}
