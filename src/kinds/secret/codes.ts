// Why this exists: what can be wrong with a Secret beyond its form.
import type {CodeTable} from '../../core/diagnostic.ts';

/** Codes of the kind Secret. */
export const SECRET_CODES = {
  'secret-file-parent': 'The path of a secret’s file leads upwards',
  'secret-file-kernel': 'A secret’s file is one of the kernel’s',
  'secret-env-own': 'A secret names a variable of the controller’s own',
} as const satisfies CodeTable;
