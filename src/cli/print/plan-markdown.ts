// Why this exists: a plan as a comment on a pull request. Everything that came from outside is
// escaped: no mention, link or HTML gets through.
import type {Action, Verdict} from '../../core/action.ts';
import type {Report} from '../../core/report.ts';
import {visible} from '../../core/visible.ts';
import {openActions} from '../open-actions.ts';
import {planSummary} from './plan-text.ts';
import {createStyle} from './style.ts';

const plain = createStyle({}, {NO_COLOR: '1'});

/** One cluster's plan as Markdown. */
export function planMarkdown(report: Report): string {
  const {plan} = report;
  if (plan === null) return `### ${cell(report.cluster)}\n\nNo plan could be made.`;
  const verdicts = new Map(report.verdicts.map((verdict) => [verdict.fingerprint, verdict]));
  const work = openActions(report);
  const rows = work.map((action) => row(action, verdicts.get(action.fingerprint)));
  const table =
    rows.length === 0
      ? []
      : ['', '| | guest | class | gate | changes |', '|---|---|---|---|---|', ...rows];
  return [`### ${cell(report.cluster)}`, '', planSummary(report, plain), ...table].join('\n');
}

function row(action: Action, verdict: Verdict | undefined): string {
  const changes = action.changes.map(
    ({field, shown}) => `${code(field)}: ${code(shown.from)} → ${code(shown.to)}`,
  );
  const gate = gateCell(action, verdict);
  const guest = `${action.key} ${cell(action.name)}`;
  return `| ${action.verb} | ${guest} | ${action.risk} | ${gate} | ${changes.join('<br>')} |`;
}

function gateCell({fingerprint}: Action, verdict: Verdict | undefined): string {
  if (verdict === undefined || verdict.verdict === 'allow') return 'goes ahead';
  const reason = verdict.reasons[0]?.reason ?? '';
  return `${verdict.verdict}: ${reason} ${code(fingerprint.slice(0, 16))}`;
}

/** Text for a table cell, without anything that Markdown or HTML would act upon. */
function cell(text: string): string {
  return visible(text).replace(/[\\`*_{}[\]()#+\-.!|<>&@~:/]/g, (character) => {
    return `&#${character.codePointAt(0) ?? 0};`;
  });
}

/** Text as code; a backtick or a bar cannot end it. */
function code(text: string): string {
  const escaped = visible(text).replace(/[`|<>&@]/g, (character) => {
    return `&#${character.codePointAt(0) ?? 0};`;
  });
  return `<code>${escaped}</code>`;
}
