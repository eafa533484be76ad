// Why this exists: a mistake as a person reads it: where, what, why, what to do.
import type {Diagnostic} from '../../core/model.ts';
import {remedyLines} from './action-text.ts';
import {fill} from './fill.ts';
import {type Style, safe} from './style.ts';

/** All diagnostics, one after the other; the text has no trailing line feed. */
export function diagnosticsText(diagnostics: readonly Diagnostic[], style: Style): string {
  return diagnostics.map((diagnostic) => diagnosticText(diagnostic, style)).join('\n\n');
}

/** `2 errors, 1 warning`. */
export function countText(diagnostics: readonly Diagnostic[]): string {
  const counts = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const count = diagnostics.filter((one) => one.severity === severity).length;
    if (count === 0) return [];
    return severity === 'info'
      ? [`${count} note${count === 1 ? '' : 's'}`]
      : [`${count} ${severity}${count === 1 ? '' : 's'}`];
  });
  return counts.join(', ') || 'no mistakes';
}

function diagnosticText(diagnostic: Diagnostic, style: Style): string {
  const {severity, code, summary, detail, remedy, suggestion, range, frame} = diagnostic;
  const paint = severity === 'error' ? style.bad : severity === 'warning' ? style.warn : style.dim;
  const place = range ? `${safe(range.file)}:${range.start.line}:${range.start.column}: ` : '';
  const lines = [
    `${style.bold(place)}${paint(severity)} ${safe(summary)} ${style.dim(`[${code}]`)}`,
  ];
  // Frames come with every character made visible already; their line feeds are layout.
  if (frame !== undefined) lines.push(...frame.split('\n').map((line) => `  ${safe(line)}`));
  lines.push(...fill([{text: `  ${safe(detail)}`}], {indent: 2, columns: style.columns}));
  if (suggestion !== undefined) lines.push(`  Did you mean ${style.good(safe(suggestion))}?`);
  if (remedy !== undefined) lines.push(...remedyLines(remedy, 2, style));
  return lines.join('\n');
}
