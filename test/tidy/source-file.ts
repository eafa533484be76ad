// Why this exists: the words that all house rules share: a file, a violation, a rule, and the scan
// of a file, which is made once however many rules look at it.
import {posix} from 'node:path';
import {type Scan, scan} from './scan.ts';

/** A file of the repository: `path` is relative to its top, with forward slashes. */
export type SourceFile = {readonly path: string; readonly text: string};

/** One place where a rule is broken; `line` counts from 1. */
export type Violation = {readonly path: string; readonly line: number; readonly what: string};

/** A house rule: a pure function over all files, and the reason for it. */
export type Rule = {
  readonly name: string;
  readonly because: string;
  readonly check: (files: readonly SourceFile[]) => readonly Violation[];
};

const scans = new WeakMap<SourceFile, Scan>();

/** The scan of a file, remembered for as long as the file value lives. */
export function scanOf(file: SourceFile): Scan {
  const known = scans.get(file);
  if (known !== undefined) return known;
  const fresh = scan(file.text);
  scans.set(file, fresh);
  return fresh;
}

/** TypeScript written by hand; what a generator wrote follows the generator's rules. */
export function isCode(file: SourceFile): boolean {
  return file.path.endsWith('.ts') && !file.path.endsWith('.generated.ts');
}

/** Tests, their builders and scripts: exempt from rooms and purity, not from sizes. */
export function isExempt(file: SourceFile): boolean {
  return !file.path.startsWith('src/') || file.path.endsWith('.test.ts');
}

/** Code that ships: hand-written TypeScript below `src/` that is no test. */
export function isShipped(file: SourceFile): boolean {
  return isCode(file) && !isExempt(file);
}

/** A rule that looks at one file at a time. */
export function perFile(
  name: string,
  because: string,
  applies: (file: SourceFile) => boolean,
  check: (file: SourceFile) => readonly Violation[],
): Rule {
  return {name, because, check: (files) => files.filter(applies).flatMap(check)};
}

/** The path that a relative import names, from the top of the repository; null for a package. */
export function resolveImport(from: string, specifier: string): string | null {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : null;
}
