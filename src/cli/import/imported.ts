// Why this exists: what an import found and made, as the command, its text and its tests see it.
import type {ImportCheck} from './check.ts';
import type {ImportedFile} from './files.ts';
import type {TakenGuests} from './take.ts';

/** An import, before or after its files were written. */
export interface Imported {
  /** Absolute path of the folder that the source follows. */
  readonly folder: string;
  readonly taken: TakenGuests;
  /** Guests that a manifest names already. */
  readonly present: readonly {readonly key: string; readonly name: string | null}[];
  readonly files: readonly ImportedFile[];
  readonly check: ImportCheck;
  /** Paths that were written; null with --check. */
  readonly written: readonly string[] | null;
}
