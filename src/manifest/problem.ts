// Why this exists: parsing is cached by content, and content does not know its file. A problem is a
// diagnostic before it has a file: with offsets instead of a range, and without a frame.
import type {Diagnostic} from '../core/model.ts';
import type {ManifestCode} from './codes.ts';

/** A mistake in a text, placed by offsets in UTF-16 units. */
export interface Problem {
  readonly code: ManifestCode;
  /** An error unless said otherwise. */
  readonly severity?: Diagnostic['severity'];
  readonly detail: string;
  readonly remedy: string;
  readonly suggestion?: string;
  readonly start: number;
  readonly end: number;
}
