// Why this exists: the one question that people ask of such a tool: why is it not as I wrote?
import type {Action, Verdict} from '../../core/action.ts';
import type {ResourceDetail} from '../../core/report.ts';
import {
  changeLines,
  interruptionLines,
  lossLines,
  reasonLines,
  remedyLines,
} from './action-text.ts';
import {createdLines} from './created-text.ts';
import {fill} from './fill.ts';
import {type Style, safe, shownDuration} from './style.ts';
import {suspensionLines} from './suspension-text.ts';

/** All about one resource as lines. */
export function whyText(detail: ResourceDetail, now: number, style: Style): string {
  const {resource, actions, waiting, suspensions, outcomes} = detail;
  const {id, name, state, node, source} = resource;
  const work = actions.filter(({verb}) => verb !== 'none');
  return [
    `${style.bold(`${id} ${safe(name)}`)}  ${state.replaceAll('_', ' ')}`,
    style.dim(`  cluster ${safe(detail.cluster)}, node ${node ?? '–'}, source ${safe(source)}`),
    ...suspensions.flatMap((one) => ['', ...suspensionLines(one, name, 0, style)]),
    ...(work.length === 0 && waiting.length === 0 ? ['', ...settledLines(detail, style)] : []),
    ...work.flatMap((action) => actionLines(action, verdictOf(detail, action), style)),
    ...waiting.flatMap(({reason, detail: why}) => [
      '',
      ...fill([{text: `${reason}:`, paint: style.accent}, {text: ` ${safe(why)}`}], {
        indent: 2,
        columns: style.columns,
      }),
      ...remedyLines(remedyOf(resource, reason), 2, style),
    ]),
    ...(outcomes.length === 0 ? [] : ['', style.bold('Lately')]),
    ...outcomes.slice(0, 5).map((outcome) => {
      const sign = outcome.result === 'done' ? style.good('✓') : style.bad('✗');
      const ago = style.dim(`${shownDuration(now - outcome.endedAt)} ago`);
      return `  ${sign} ${outcome.verb} ${outcome.result}: ${safe(outcome.because)}  ${ago}`;
    }),
    ...(outcomes.length === 0 ? [] : remedyLines(`pvegit audit ${id}`, 2, style)),
  ].join('\n');
}

/** What waits is told with the way on of the same reason. */
function remedyOf({because}: ResourceDetail['resource'], reason: string): string {
  return because.find((one) => one.reason === reason)?.remedy ?? '';
}

function settledLines({resource}: ResourceDetail, style: Style): readonly string[] {
  if (resource.because.length === 0) return [style.good('It is as Git says.')];
  return resource.because.flatMap(({reason, detail, remedy}) => [
    ...fill([{text: `${reason ?? 'note'}:`, paint: style.accent}, {text: ` ${safe(detail)}`}], {
      indent: 2,
      columns: style.columns,
    }),
    ...remedyLines(remedy, 2, style),
  ]);
}

function verdictOf(detail: ResourceDetail, {fingerprint}: Action): Verdict | undefined {
  return detail.verdicts.find((verdict) => verdict.fingerprint === fingerprint);
}

function actionLines(
  action: Action,
  verdict: Verdict | undefined,
  style: Style,
): readonly string[] {
  const {verb, risk, cause, fingerprint, changes, range} = action;
  const place = range === null ? '' : `  ${style.dim(`${safe(range.file)}:${range.start.line}`)}`;
  const said = verdict?.verdict === 'allow' ? style.good('goes ahead') : gateWord(verdict);
  return [
    '',
    `${style.bold(verb)} ${risk}${cause === null ? '' : ` · ${cause}`} · ${said}${place}`,
    ...(verb === 'create' ? createdLines(changes, style) : changeLines(changes, style)),
    ...interruptionLines(action, style),
    ...lossLines(action, style),
    ...reasonLines(verdict?.reasons ?? [], style),
    style.dim(`    fingerprint ${fingerprint.slice(0, 16)}`),
  ];
}

const GATE_WORDS = {allow: 'goes ahead', hold: 'held', refuse: 'refused'} as const;

function gateWord(verdict: Verdict | undefined): string {
  return verdict === undefined ? '' : GATE_WORDS[verdict.verdict];
}
