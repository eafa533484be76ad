// Why this exists: a plan as a person reads it in a terminal: what would happen to which guest, how
// bad it is, why, and what it waits for.
import {
  type Action,
  isPassing,
  isStuck,
  type Plan,
  type Verb,
  type Verdict,
} from '../../core/action.ts';
import type {Report} from '../../core/report.ts';
import {shownCommit, shownKey} from '../../core/shown.ts';
import {openActions} from '../open-actions.ts';
import {changeLines, interruptionLines, lossLines, reasonLines} from './action-text.ts';
import {createdLines} from './created-text.ts';
import {fill} from './fill.ts';
import {pad, type Style, safe, shownResource, shownTime} from './style.ts';

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

/** Lines of one cluster's plan, without a trailing line feed. `all`: also what is in sync. */
export function planText(report: Report, style: Style, all = false): string {
  const {plan} = report;
  if (plan === null) return style.bad('no plan could be made');
  const open = openActions(report);
  const work = open.filter(({verb}) => verb !== 'none');
  return [
    ...heading(report, plan, style),
    ...spaced(work.map((action) => actionLines(report, action, style))),
    ...standingLines(report, open, style),
    ...waitingLines(plan, style),
    ...setLines(report, open, style),
    ...(all ? restLines(plan, open, style) : []),
    '',
    planSummary(report, style),
  ].join('\n');
}

/** A blank line sets apart what takes more than one; a list of one-liners stays one. */
function spaced(blocks: readonly (readonly string[])[]): readonly string[] {
  return blocks.flatMap((block, at) => {
    const isList = at > 0 && block.length === 1 && blocks[at - 1]?.length === 1;
    return isList ? block : ['', ...block];
  });
}

/** So many are named; a cluster that cannot be read says the same of each. */
const MOST_NAMED = 10;

/** What nothing can be planned for, once for all that stand still for the same reasons. */
function standingLines(report: Report, open: readonly Action[], style: Style): readonly string[] {
  const still = open.filter(({verb}) => verb === 'none');
  const alike = Map.groupBy(still, ({fingerprint, risk, cause}) => {
    const reasons = verdictsOf(report).get(fingerprint)?.reasons ?? [];
    return JSON.stringify([risk, cause, reasons.map(({reason, detail}) => [reason, detail])]);
  });
  return [...alike.values()].flatMap((actions) => {
    const [first, ...others] = actions;
    if (first === undefined) return [];
    if (others.length === 0) return ['', ...actionLines(report, first, style)];
    const names = actions.slice(0, MOST_NAMED).map(({key, name}) => shownResource(key, name));
    const more = actions.length > MOST_NAMED ? `, and ${actions.length - MOST_NAMED} more` : '';
    const says = ` ${names.join(', ')}${more}`;
    const columns = style.columns;
    return [
      '',
      ...fill([{text: `${actions.length} stand still:`, paint: style.warn}, {text: says}], {
        indent: 4,
        columns,
      }),
      ...reasonLines(verdictsOf(report).get(first.fingerprint)?.reasons ?? [], style),
    ];
  });
}

/** What is in sync, and what nobody manages, a line each. */
function restLines(
  {actions, unmanaged}: Plan,
  open: readonly Action[],
  style: Style,
): readonly string[] {
  const busy = new Set(open);
  const calm = actions.filter((action) => !busy.has(action));
  const same = calm.map(({key, name}) => `  ${shownResource(key, name)}`);
  const others = (unmanaged ?? []).map(
    ({id, name, node}) => `  ${shownResource(id, name)}${style.dim(`  on ${safe(node ?? '–')}`)}`,
  );
  return [
    ...(same.length === 0 ? [] : ['', style.bold('In sync'), ...same]),
    ...(others.length === 0 ? [] : ['', style.bold('Not managed'), ...others]),
  ];
}

/** Beyond so many a command is no longer read before it is typed. */
const MOST_APPROVED = 30;

/** Where the set needs an approval of its own, the command that gives all of them at once. */
function setLines({plan, verdicts}: Report, open: readonly Action[], style: Style) {
  const set = plan?.setFingerprint;
  const held = verdicts.some(({reasons}) => reasons.some(({reason}) => reason === 'blast-radius'));
  if (!set || !held) return [];
  const members = open.filter(({risk}) => risk === 'destructive');
  const digits = [set, ...members.map(({fingerprint}) => fingerprint)].map((one) =>
    one.slice(0, 16),
  );
  const command = `pvegit apply --approve ${digits.join(' ')}`;
  const says = `${members.length} destructive actions need an approval each, and one of their set`;
  return [
    '',
    `${style.bad(says)}: ${digits[0]}`,
    ...(members.length <= MOST_APPROVED ? [`  ${style.accent('→')} ${command}`] : []),
  ];
}

/** One line that counts: `2 to create, 1 to update; 2 go ahead, 1 held, 5 in sync`. */
export function planSummary(report: Report, style: Style): string {
  const {plan} = report;
  if (plan === null) return '';
  const counts = new Map<Verb, number>();
  const open = openActions(report);
  const inSync = plan.actions.length - open.length;
  if (open.length === 0) return style.good(`Nothing to do: ${inSync} in sync.`);
  for (const {verb} of open) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  counts.delete('none');
  const work = [...counts].map(([verb, count]) => `${count} to ${verb}`).join(', ');
  const turns = new Map(open.map((action) => [action.fingerprint, turnOf(report, action)]));
  const count = (wanted: Turn): number =>
    open.filter(({fingerprint}) => turns.get(fingerprint) === wanted).length;
  const gate = [
    [count('under way'), 'under way'],
    [count('goes'), count('goes') === 1 ? 'goes ahead' : 'go ahead'],
    [count('follows'), count('follows') === 1 ? 'follows' : 'follow'],
    [count('held'), 'held'],
    [count('refused'), 'refused'],
    [inSync, 'in sync'],
  ] as const;
  const said = gate.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return style.bold(`${[work, said.join(', ')].filter((part) => part !== '').join('; ')}.`);
}

/** A report has as many verdicts as guests, and each is asked for more than once. */
const VERDICTS = new WeakMap<Report, ReadonlyMap<string, Verdict>>();

function verdictsOf(report: Report): ReadonlyMap<string, Verdict> {
  const known = VERDICTS.get(report);
  if (known !== undefined) return known;
  const verdicts = new Map(report.verdicts.map((verdict) => [verdict.fingerprint, verdict]));
  VERDICTS.set(report, verdicts);
  return verdicts;
}

/** What becomes of an action without anybody's help. */
type Turn = 'goes' | 'under way' | 'follows' | 'held' | 'refused';

function turnOf(report: Report, action: Action): Turn {
  const {key, fingerprint} = action;
  const verdict = verdictsOf(report).get(fingerprint);
  if (verdict === undefined || verdict.verdict === 'allow') return 'goes';
  if (report.applying.some((one) => one.key === key)) return 'under way';
  if (verdict.verdict === 'refuse') return 'refused';
  // What the kind found wrong waits for a person, and is told.
  return isPassing(verdict.reasons) && !isStuck(action) ? 'follows' : 'held';
}

function heading(report: Report, plan: Plan, style: Style): readonly string[] {
  const sources = report.sources.map(({name, commit, subject}) => {
    const said = subject === null ? '' : ` "${safe(subject)}"`;
    return `${safe(name)} at ${commit === null ? 'nothing yet' : shownCommit(commit)}${said}`;
  });
  const when = `  read ${shownTime(plan.takenAt)}, ${plan.managed} managed`;
  return fill(
    [
      {text: `${safe(plan.cluster)}:`, paint: style.bold},
      {text: ` ${sources.join(', ')}`},
      {text: when, paint: style.dim},
    ],
    {indent: 2, columns: style.columns},
  );
}

function actionLines(report: Report, action: Action, style: Style): readonly string[] {
  const verdict = verdictsOf(report).get(action.fingerprint);
  const turn = turnOf(report, action);
  const sign = SIGNS[action.verb];
  const id = shownKey(action.key);
  const what = `${sign} ${pad(action.verb, 8)}${id} ${safe(action.name)}`;
  const paint = action.verb === 'create' ? style.good : style.warn;
  const painted = action.risk === 'destructive' ? style.bad(what) : paint(what);
  return [
    `${painted}  ${riskText(action, style)}${gateText(turn, verdict, style)}`,
    ...(action.verb === 'create'
      ? [...howMade(action, style), ...createdLines(action.changes, style)]
      : changeLines(action.changes, style)),
    ...interruptionLines(action, style),
    ...lossLines(action, style),
    ...(turn === 'held' || turn === 'refused' ? reasonLines(verdict?.reasons ?? [], style) : []),
  ];
}

/** What a new guest is made from is no field of it. */
function howMade({steps}: Action, style: Style): readonly string[] {
  const [first] = steps;
  return first === undefined ? [] : [style.dim(`    ${safe(first.says)}`)];
}

function riskText({risk, cause}: Action, style: Style): string {
  const paint =
    risk === 'destructive' ? style.bad : risk === 'disruptive' ? style.warn : style.good;
  return cause === null || cause === 'pending' ? paint(risk) : `${paint(risk)} · ${cause}`;
}

function gateText(turn: Turn, verdict: Verdict | undefined, style: Style): string {
  switch (turn) {
    case 'goes':
      return '';
    case 'under way':
      return ` · ${style.dim('under way')}`;
    case 'follows':
      return ` · ${style.dim('follows when others are done')}`;
    case 'held':
    case 'refused':
      return ` · ${style.accent(`${turn}: ${verdict?.reasons[0]?.reason ?? ''}`)}`;
  }
}

function waitingLines({waiting: all, actions}: Plan, style: Style): readonly string[] {
  // What its action says already is not said again.
  const said = new Set(
    actions.flatMap(({key, findings}) => findings.map(({detail}) => `${key} ${detail}`)),
  );
  const waiting = all.filter(({key, detail}) => !said.has(`${key} ${detail}`));
  if (waiting.length === 0) return [];
  const lines = waiting.flatMap(({key, name, reason, detail}) =>
    fill(
      [
        {text: `  ${shownResource(key, name)}`},
        {text: `  ${reason}:`, paint: style.accent},
        {text: ` ${safe(detail)}`},
      ],
      {indent: 4, columns: style.columns},
    ),
  );
  return ['', style.bold('Waiting'), ...lines];
}

/** What to type next, below a plan that nothing was done about yet. */
export function nextLines(report: Report, style: Style): readonly string[] {
  const open = openActions(report);
  const turns = open.map((action) => turnOf(report, action));
  const stops = open.filter((_, at) => turns[at] === 'held' || turns[at] === 'refused');
  const [first, ...others] = stops;
  const goes = turns.includes('goes') || turns.includes('follows');
  return [
    ...(goes
      ? ['pvegit apply does what goes ahead; a controller that runs does it by itself']
      : []),
    ...(first === undefined ? [] : [whyHint(first, others.length > 0)]),
  ].map((line) => `${style.accent('→')} ${line}`);
}

function whyHint({key, name}: Action, several: boolean): string {
  const whom = several ? 'NAME' : name === '' ? shownKey(key) : safe(name);
  return `pvegit why ${whom} says more of what is held`;
}
