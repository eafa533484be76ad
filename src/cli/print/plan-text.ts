// Why this exists: a plan as a person reads it in a terminal: what would happen to which guest, how
// bad it is, why, and what it waits for.
import type {Action, Change, Plan, Reason, Verb, Verdict} from '../../core/action.ts';
import type {Report} from '../../core/report.ts';
import {createdLines} from './created-text.ts';
import {pad, type Style, safe, shownTime} from './style.ts';

const SIGNS = {
  none: ' ',
  adopt: '=',
  release: '=',
  create: '+',
  update: '~',
  replace: '±',
  delete: '-',
  run: '>',
} as const satisfies {readonly [verb in Verb]: string};

/** Reasons that pass by themselves within the controller's own work. */
const PASSING: ReadonlySet<Reason> = new Set(['waiting', 'limit', 'applying']);

/** Lines of one cluster's plan, without a trailing line feed. `all`: also what is in sync. */
export function planText(report: Report, style: Style, all = false): string {
  const {plan} = report;
  if (plan === null) return style.bad('no plan could be made');
  const verdicts = new Map(report.verdicts.map((verdict) => [verdict.fingerprint, verdict]));
  const work = plan.actions.filter(({verb}) => all || verb !== 'none');
  return [
    heading(report, plan, style),
    ...work.flatMap((action) => actionLines(action, verdicts.get(action.fingerprint), style)),
    ...waitingLines(plan, style),
    '',
    planSummary(report, style),
  ].join('\n');
}

/** One line that counts: `2 to create, 1 to update; 2 go ahead, 1 held, 5 in sync`. */
export function planSummary({plan, verdicts}: Report, style: Style): string {
  if (plan === null) return '';
  const counts = new Map<Verb, number>();
  for (const {verb} of plan.actions) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  const inSync = counts.get('none') ?? 0;
  counts.delete('none');
  if (counts.size === 0) return style.good(`Nothing to do: ${inSync} in sync.`);
  const work = [...counts].map(([verb, count]) => `${count} to ${verb}`).join(', ');
  const acting = new Set(plan.actions.filter(({verb}) => verb !== 'none').map(fingerprintOf));
  const count = (wanted: Verdict['verdict']): number =>
    verdicts.filter(({verdict, fingerprint}) => verdict === wanted && acting.has(fingerprint))
      .length;
  const turns = verdicts.filter(
    (verdict) => acting.has(verdict.fingerprint) && waitsItsTurn(verdict),
  ).length;
  const gate = [
    [count('allow'), count('allow') === 1 ? 'goes ahead' : 'go ahead'],
    [turns, turns === 1 ? 'follows' : 'follow'],
    [count('hold') - turns, 'held'],
    [count('refuse'), 'refused'],
    [inSync, 'in sync'],
  ] as const;
  const said = gate.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return style.bold(`${work}; ${said.join(', ')}.`);
}

/** Held only by what passes by itself: the controller starts it when others are done. */
function waitsItsTurn({verdict, reasons}: Verdict): boolean {
  return verdict === 'hold' && reasons.every(({reason}) => PASSING.has(reason));
}

function fingerprintOf({fingerprint}: Action): string {
  return fingerprint;
}

function heading(report: Report, plan: Plan, style: Style): string {
  const sources = report.sources.map(({name, commit, subject}) => {
    const said = subject === null ? '' : ` "${safe(subject)}"`;
    return `${safe(name)} at ${commit?.slice(0, 10) ?? 'nothing yet'}${said}`;
  });
  const when = style.dim(`read ${shownTime(plan.takenAt)}, ${plan.managed} managed`);
  return `${style.bold(safe(plan.cluster))}: ${sources.join(', ')}  ${when}`;
}

function actionLines(
  action: Action,
  verdict: Verdict | undefined,
  style: Style,
): readonly string[] {
  const sign = SIGNS[action.verb];
  const id = action.vmid === null ? action.key : String(action.vmid);
  const what = `${sign} ${pad(action.verb, 8)}${id} ${safe(action.name)}`;
  const paint = action.verb === 'create' ? style.good : style.warn;
  const painted = action.risk === 'destructive' ? style.bad(what) : paint(what);
  return [
    '',
    `${painted}  ${riskText(action, style)}${gateText(verdict, style)}`,
    ...(action.verb === 'create'
      ? createdLines(action.changes, style)
      : action.changes.map((change) => changeLine(action, change, style))),
    ...lossLines(action, style),
    ...(verdict?.verdict === 'allow' ? [] : reasonLines(verdict, style)),
  ];
}

function riskText({risk, cause}: Action, style: Style): string {
  const paint =
    risk === 'destructive' ? style.bad : risk === 'disruptive' ? style.warn : style.good;
  return cause === null || cause === 'pending' ? paint(risk) : `${paint(risk)} · ${cause}`;
}

function gateText(verdict: Verdict | undefined, style: Style): string {
  if (verdict === undefined || verdict.verdict === 'allow') return '';
  if (waitsItsTurn(verdict)) return ` · ${style.dim('follows when others are done')}`;
  const reason = verdict.reasons[0]?.reason ?? '';
  const said = verdict.verdict === 'hold' ? `held: ${reason}` : `refused: ${reason}`;
  return ` · ${style.accent(said)}`;
}

function changeLine(action: Action, change: Change, style: Style): string {
  const from = safe(change.shown.from);
  const to = safe(change.shown.to);
  const values = `${from} → ${to}`;
  const because = action.risk === 'benign' ? '' : `  ${style.dim(safe(change.because))}`;
  return `    ${pad(change.field, 28)} ${values}${because}`;
}

function lossLines({facts, risk}: Action, style: Style): readonly string[] {
  if (risk !== 'destructive') return [];
  const volumes = Array.isArray(facts['volumes']) ? facts['volumes'] : [];
  return volumes.map((volume) => `    ${style.bad('loses')} ${safe(volumeText(volume))}`);
}

function volumeText(volume: unknown): string {
  if (typeof volume !== 'object' || volume === null) return String(volume);
  const fields = Object.values(volume);
  return fields.map(String).join(', ');
}

function reasonLines(verdict: Verdict | undefined, style: Style): readonly string[] {
  if (verdict === undefined || waitsItsTurn(verdict)) return [];
  return verdict.reasons.flatMap(({reason, detail, remedy}) => [
    `    ${style.accent(reason)}: ${safe(detail)}`,
    `      ${style.dim(safe(remedy))}`,
  ]);
}

function waitingLines({waiting}: Plan, style: Style): readonly string[] {
  if (waiting.length === 0) return [];
  const lines = waiting.map(
    ({key, name, reason, detail}) =>
      `  ${key} ${safe(name)}  ${style.accent(reason)}: ${safe(detail)}`,
  );
  return ['', style.bold('Waiting'), ...lines];
}
