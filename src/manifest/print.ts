// Why this exists: a mistake reads the same in a terminal, a log and a golden file. Colours are the
// command line's; that nothing in it can harm a terminal is decided here.
import type {Diagnostic} from '../core/model.ts';
import {visible} from '../core/visible.ts';

/** A diagnostic as plain text of several lines, without a line feed at its end. */
export function diagnosticText(diagnostic: Diagnostic): string {
  const {severity, code, summary, detail, remedy, suggestion, range, frame} = diagnostic;
  const place =
    range === undefined ? '' : `${visible(range.file)}:${range.start.line}:${range.start.column}: `;
  return [
    `${place}${severity}: ${visible(summary).replace(/\.$/, '')} [${visible(code)}]`,
    ...(frame === undefined ? [] : frame.split('\n').map((line) => `  ${visible(line)}`)),
    `  ${visible(detail)}`,
    ...(suggestion === undefined ? [] : [`  Did you mean ${visible(suggestion)}?`]),
    ...(remedy === undefined ? [] : [`  ${visible(remedy)}`]),
  ].join('\n');
}

/** How many there are of each severity, in words: `2 errors, 1 warning`. */
export function countText(diagnostics: readonly Diagnostic[]): string {
  const counts = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const count = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    const noun = severity === 'info' ? 'note' : severity;
    return count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`];
  });
  return counts.length === 0 ? 'no mistakes' : counts.join(', ');
}
