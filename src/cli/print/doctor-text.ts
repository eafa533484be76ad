// Why this exists: what is well is one line each, and what is not says what to do.
import type {DoctorFinding} from '../doctor/finding.ts';
import {fill} from './fill.ts';
import {type Style, safe} from './style.ts';

/** Lines of one cluster. */
export function doctorLines(
  cluster: string,
  findings: readonly DoctorFinding[],
  style: Style,
): readonly string[] {
  const bad = findings.filter(({state}) => state === 'bad').length;
  const warn = findings.filter(({state}) => state === 'warn').length;
  const summary =
    bad > 0
      ? style.bad(`${bad} in the way, ${warn} to look at.`)
      : style.good(`Nothing is in the way${warn > 0 ? `, ${warn} to look at` : ''}.`);
  return [style.bold(safe(cluster)), ...findings.flatMap((one) => lines(one, style)), summary];
}

function lines({what, state, says, remedy}: DoctorFinding, style: Style): readonly string[] {
  const [sign, paint] = SIGNS[state];
  const pieces = [
    {text: `  ${sign}`, paint: style[paint]},
    {text: ` ${safe(what)}: ${safe(says)}`},
  ];
  return [
    ...fill(pieces, {indent: 4, columns: style.columns}),
    ...remedy.map((line) => `      ${style.dim(safe(line))}`),
  ];
}

const SIGNS = {
  good: ['✓', 'good'],
  warn: ['!', 'warn'],
  bad: ['✗', 'bad'],
} as const satisfies {readonly [state in DoctorFinding['state']]: readonly [string, keyof Style]};
