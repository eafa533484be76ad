// Why this exists: every room states its mistakes from a table of codes, so that a code always has
// the same sentence, and a test can walk all tables and find the code that no case shows.
import type {Diagnostic} from './model.ts';

/** Code → the constant sentence that says what is wrong. Each `codes.ts` exports one such table. */
export type CodeTable = {readonly [code: string]: string};

/** What a diagnostic adds to its code: why it is wrong here, what to do, where. */
export type DiagnosticParts = Omit<Diagnostic, 'code' | 'summary' | 'severity'> & {
  /** An error unless said otherwise. */
  readonly severity?: Diagnostic['severity'];
};

/** A diagnostic whose code stands in the table; undefined parts are left out. */
export function diagnose<Table extends CodeTable>(
  table: Table,
  code: keyof Table & string,
  parts: {readonly [Part in keyof DiagnosticParts]: DiagnosticParts[Part] | undefined} & {
    readonly detail: string;
  },
): Diagnostic {
  const {severity, detail, remedy, suggestion, range, frame, key} = parts;
  return {
    severity: severity ?? 'error',
    code,
    summary: table[code] ?? code,
    detail,
    ...(remedy === undefined ? {} : {remedy}),
    ...(suggestion === undefined ? {} : {suggestion}),
    ...(range === undefined ? {} : {range}),
    ...(frame === undefined ? {} : {frame}),
    ...(key === undefined ? {} : {key}),
  };
}
