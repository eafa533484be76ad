// Why this exists: the state of things as a person reads it at a glance: what is well is counted,
// what is not is listed with its reason.
import type {Intent, Outcome} from '../../core/action.ts';
import type {ResourceRecord} from '../../core/model.ts';
import type {Suspension} from '../../core/ports.ts';
import {
  type ClusterStatus,
  RESOURCE_STATES,
  type ResourceReport,
  type ResourceState,
  type StatusDocument,
} from '../../core/report.ts';
import {counted, shownCommit} from '../../core/shown.ts';
import {remedyLines} from './action-text.ts';
import {fill} from './fill.ts';
import {QUORUM_REMEDY} from './problems-text.ts';
import {pad, type Style, safe, shownDuration, shownResource} from './style.ts';
import {suspensionLines} from './suspension-text.ts';

/** The document as lines. `now`: ms since the epoch, for ages. */
export function statusText(status: StatusDocument, now: number, style: Style): string {
  const since = status.startedAt === null ? '' : `, up ${shownDuration(now - status.startedAt)}`;
  const name = `${style.bold('pvegit')} ${status.version}`;
  const head = `${name}, installation ${status.installation}${since}`;
  return [head, ...status.clusters.flatMap((one) => clusterLines(one, now, style))].join('\n');
}

function clusterLines(one: ClusterStatus, now: number, style: Style): readonly string[] {
  const paint = one.result === 'ok' ? style.good : style.warn;
  const ago = shownDuration(now - one.endedAt);
  const counts = RESOURCE_STATES.filter((state) => one.counts[state] > 0).map((state) =>
    stateText(state, `${one.counts[state]} ${state.replaceAll('_', ' ')}`, style),
  );
  const listed = one.notInSync.filter((resource) => !isOnlyPaused(resource));
  const nameOf = new Map(one.notInSync.map(({key, name}) => [key, name]));
  return [
    '',
    `${style.bold(safe(one.cluster))}  ${paint(one.result)}  ${style.dim(`last pass ${ago} ago`)}`,
    `  ${counts.join(' · ') || 'nothing managed'}${style.dim(` · ${unmanagedCount(one)}`)}`,
    ...one.sources.flatMap((source) => sourceLines(source, style)),
    ...problems(one, style),
    ...listedLines(listed, now, style),
    ...one.applying.map(({key, name, verb, says}) => {
      const what = `${shownResource(key, name)}: ${verb}, ${safe(says ?? 'starting')}`;
      return `  ${style.accent('▸')} ${what}`;
    }),
    ...one.suspensions.flatMap((pause) => suspensionLines(pause, nameOf.get(pause.key), 2, style)),
    ...intentLines(one.intents, nameOf, style),
    ...(one.outcomes.length === 0 ? [] : [style.dim('  lately')]),
    ...outcomeLines(one.outcomes.slice(0, 5), now, style),
  ];
}

function unmanagedCount({unmanaged}: ClusterStatus): string {
  return unmanaged === null ? 'unmanaged guests not known' : `${unmanaged} unmanaged`;
}

/** It would do nothing if it could: the line of its suspension says all. */
function isOnlyPaused({state, because, drift}: ResourceReport): boolean {
  return state === 'suspended' && because.length === 0 && drift.length === 0;
}

/** A terminal that scrolls past shows nothing. */
const MOST = 30;
/** So many are named of those that stand still for one reason. */
const MOST_NAMED = 10;

/** Each with its reason; those that cannot be told for the same reason, once. */
function listedLines(
  listed: readonly ResourceReport[],
  now: number,
  style: Style,
): readonly string[] {
  const alike = Map.groupBy(listed, ({key, state, because}) =>
    state === 'undetermined' ? JSON.stringify(because) : key,
  );
  const groups = [...alike.values()];
  return [
    ...groups.slice(0, MOST).flatMap((group) => resourceLines(group, now, style)),
    ...moreLines(groups.slice(MOST).flat().length, style),
  ];
}

function moreLines(length: number, style: Style): readonly string[] {
  if (length === 0) return [];
  return [style.dim(`  and ${length} more: pvegit status --json has them all`)];
}

function sourceLines(source: ClusterStatus['sources'][number], style: Style): readonly string[] {
  const {name, commit, subject, error} = source;
  const said = subject === null ? '' : ` "${safe(subject)}"`;
  const at = commit === null ? 'nothing yet' : `${shownCommit(commit)}${said}`;
  const {columns} = style;
  const lines = fill([{text: `  source ${safe(name)} at ${at}`}], {indent: 4, columns});
  if (error === null) return lines;
  return [
    ...lines,
    ...fill([{text: `    ${error.kind}:`, paint: style.bad}, {text: ` ${safe(error.message)}`}], {
      indent: 6,
      columns,
    }),
    ...remedyLines(error.remedy, 4, style),
  ];
}

function problems(one: ClusterStatus, style: Style): readonly string[] {
  const lines: string[] = [];
  if (one.quorate === false) {
    lines.push(`  ${style.bad('the cluster has no quorum')}`);
    lines.push(...remedyLines(QUORUM_REMEDY, 4, style));
  }
  for (const {url, up} of one.endpoints) {
    if (!up) lines.push(`  ${style.bad(`${safe(url)} does not answer`)}`);
  }
  for (const {stage, because} of one.stages) {
    if (because !== null && stage !== 'fetch') {
      lines.push(`  ${style.warn(`${stage}: ${safe(because)}`)}`);
      if (stage === 'observe') lines.push(...remedyLines('pvegit doctor says why', 4, style));
    }
  }
  if (one.journalIsNew) {
    lines.push(`  ${style.warn('journal is new')}: pvegit journal accept, once that is meant`);
  }
  return lines;
}

function resourceLines(
  alike: readonly ResourceReport[],
  now: number,
  style: Style,
): readonly string[] {
  const [resource] = alike;
  if (resource === undefined) return [];
  const {state, because, drift} = resource;
  const [first] = because;
  const word = first === undefined || first.reason === null ? '' : `${first.reason}: `;
  const reason = first === undefined ? '' : `  ${word}${safe(first.detail)}`;
  const ages = drift.map(({cause, risk, fields, since}) => {
    const count = `${fields} field${fields === 1 ? '' : 's'}`;
    return `    ${risk} ${cause}, ${count}, for ${shownDuration(now - since)}`;
  });
  const shown = stateText(state, pad(state.replaceAll('_', ' '), 12), style);
  const named = alike.slice(0, MOST_NAMED).map(({id, name}) => shownResource(id, name));
  const more = alike.length > MOST_NAMED ? ` and ${alike.length - MOST_NAMED} more` : '';
  const line = [{text: `${named.join(', ')}${more}`}, {text: reason}];
  const room = {indent: 4, columns: style.columns - STATE_WIDTH};
  return [
    ...fill(line, room).map((text, at) => (at === 0 ? `  ${shown} ${text}` : text)),
    ...(first === undefined ? [] : remedyLines(first.remedy, 4, style)),
    ...ages,
  ];
}

/** What stands before the name of a resource. */
const STATE_WIDTH = 15;

function stateText(state: ResourceState, text: string, style: Style): string {
  switch (state) {
    case 'in_sync':
      return style.good(text);
    case 'failed':
      return style.bad(text);
    case 'applying':
    case 'suspended':
      return style.accent(text);
    case 'out_of_sync':
    case 'held':
    case 'undetermined':
      return style.warn(text);
  }
}

/** Names by key, as far as they are known. */
type Names = ReadonlyMap<string, string>;

function intentLines(
  intents: ClusterStatus['intents'],
  names: Names,
  style: Style,
): readonly string[] {
  return intents.map(({id, key, says, state}) => {
    const who = shownResource(key, names.get(key));
    return `  ${style.warn(`intent ${id}`)} ${who}: ${safe(says)} (${state})`;
  });
}

function outcomeLines(outcomes: readonly Outcome[], now: number, style: Style): readonly string[] {
  return outcomes.map(({key, name, verb, result, endedAt, because}) => {
    const sign = result === 'done' ? style.good('✓') : style.bad('✗');
    const detail = result === 'done' ? '' : `: ${safe(because)}`;
    const ago = style.dim(`${shownDuration(now - endedAt)} ago`);
    return `  ${sign} ${shownResource(key, name)}: ${verb} ${result}${detail}  ${ago}`;
  });
}

/** What the journal alone knows of a cluster, when no controller answers. */
export interface JournalView {
  readonly cluster: string;
  readonly records: readonly ResourceRecord[];
  readonly suspensions: readonly Suspension[];
  readonly intents: readonly Intent[];
  readonly outcomes: readonly Outcome[];
}

/** The journal's knowledge as lines. */
export function journalText(view: JournalView, now: number, style: Style): string {
  const intents = view.intents.map(({id, key, step, state, openedAt}) => {
    return {id, key, says: step.says, state, openedAt};
  });
  const names = new Map(view.records.map(({key, name}) => [key, name]));
  return [
    style.bold(safe(view.cluster)),
    `  ${counted(view.records.length, 'resource')} on record`,
    ...view.suspensions.flatMap((pause) => suspensionLines(pause, names.get(pause.key), 2, style)),
    ...intentLines(intents, names, style),
    ...outcomeLines(view.outcomes.slice(0, 10), now, style),
  ].join('\n');
}
