// Why this exists: what an upgrade would break is read like every other mistake: where, what, why.
import type {TargetCheck, TargetProblem} from '../rehearse/target.ts';
import {type Style, safe} from './style.ts';

/**
 * Lines of a rehearsal; the last one sums up. `complete` is false where documents have mistakes:
 * nothing is known of what those would lead to.
 */
export function targetLines(
  {release, requests, problems}: TargetCheck,
  complete: boolean,
  style: Style,
): readonly string[] {
  const count = `${problems.length} thing${problems.length === 1 ? '' : 's'}`;
  const summary =
    problems.length === 0
      ? style.good(`Nothing breaks on Proxmox VE ${release}: ${requests} requests would be taken.`)
      : style.bad(`${count} would break on Proxmox VE ${release}, in ${requests} requests.`);
  return [
    ...problems.flatMap((problem) => [...problemLines(problem, release, style), '']),
    summary,
    ...(complete ? [] : [style.warn('What has a mistake was not looked at: put it right first.')]),
  ];
}

function problemLines(problem: TargetProblem, release: string, style: Style): readonly string[] {
  const {key, name, param, because, says, range} = problem;
  const place = range === null ? '' : `${safe(range.file)}:${range.start.line}: `;
  const what = param === null ? because : `${param} ${because}`;
  return [
    `${style.bold(place)}${style.bad('breaks')} ${safe(what)}`,
    `  ${key} ${safe(name)}, when it would: ${safe(says)}`,
    `  ${style.accent('→')} Change it before this cluster runs Proxmox VE ${release}.`,
  ];
}
