// Why this exists: normalise and its checks state mistakes in one way: a code, why it is wrong
// here, what to do, and the place in the file.
import {diagnose} from '../../core/diagnostic.ts';
import type {ManifestDocument} from '../../core/kind.ts';
import type {Diagnostic, SourceRange} from '../../core/model.ts';
import {VM_CODES, type VmCode} from './codes.ts';

/** Collects the mistakes of one document. */
export interface Mistakes {
  readonly list: Diagnostic[];
  readonly document: ManifestDocument;
}

/** What a mistake says. */
export interface Mistake {
  readonly detail: string;
  readonly remedy?: string;
  readonly suggestion?: string;
  readonly severity?: Diagnostic['severity'];
}

/** No mistakes yet. */
export function noMistakes(document: ManifestDocument): Mistakes {
  return {list: [], document};
}

/** Adds a mistake at the place of a JSON pointer, or the nearest value around it. */
export function addMistake(
  mistakes: Mistakes,
  code: VmCode,
  pointer: string,
  {detail, remedy, suggestion, severity}: Mistake,
): void {
  const range = rangeAt(mistakes.document, pointer);
  mistakes.list.push(diagnose(VM_CODES, code, {detail, remedy, suggestion, severity, range}));
}

/** The place of a JSON pointer, or of the nearest value around it. */
export function rangeAt(document: ManifestDocument, pointer: string): SourceRange {
  let at = pointer;
  while (at !== '') {
    const range = document.ranges[at];
    if (range) return range;
    at = at.slice(0, at.lastIndexOf('/'));
  }
  return document.range;
}

/** `/spec/disks/scsi0/size` of `disks`, `scsi0`, `size`. */
export function pointerOf(...parts: readonly string[]): string {
  const escaped = parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'));
  return `/spec/${escaped.join('/')}`;
}
