// Why this exists: what a pass could not read is said before its plan, since the plan is less
// because of it.
import type {Report} from '../../core/report.ts';
import {type Style, safe} from './style.ts';

/** One line per source or read that failed, with what to do. */
export function problemLines(report: Report, style: Style): readonly string[] {
  const sources = report.sources.flatMap(({name, error}) =>
    error === null
      ? []
      : [
          `${style.bad('error:')} source ${safe(name)}: ${safe(error.message)}`,
          `  ${style.accent('→')} ${safe(error.remedy)}`,
        ],
  );
  const stages = report.stages.flatMap(({stage, because}) =>
    because === null || stage === 'fetch'
      ? []
      : [
          `${style.warn('warning:')} ${stage}: ${safe(because)}`,
          ...(stage === 'observe' ? [`  ${style.accent('→')} pvegit doctor says why`] : []),
        ],
  );
  const quorum =
    report.quorate === false
      ? [
          `${style.warn('warning:')} the cluster has no quorum`,
          `  ${style.accent('→')} ${QUORUM_REMEDY}`,
        ]
      : [];
  return [...sources, ...stages, ...readLines(report, style), ...quorum];
}

/** The way on where a cluster has no quorum. */
export const QUORUM_REMEDY = 'Nothing can be written until it has; on a node: pvecm status';

function readLines(report: Report, style: Style): readonly string[] {
  const down = report.endpoints.filter(({up}) => !up);
  return down.map(({url}) => `${style.warn('warning:')} ${safe(url)} does not answer`);
}
