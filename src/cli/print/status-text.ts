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
import {pad, type Style, safe, shownDuration, shownTime} from './style.ts';

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
  return [
    '',
    `${style.bold(safe(one.cluster))}  ${paint(one.result)}  ${style.dim(`last pass ${ago} ago`)}`,
    `  ${counts.join(' · ') || 'nothing managed'}${style.dim(` · ${one.unmanaged} unmanaged`)}`,
    ...one.sources.flatMap((source) => sourceLines(source, style)),
    ...problems(one, style),
    ...one.notInSync.flatMap((resource) => resourceLines(resource, now, style)),
    ...one.applying.map(({key, name, verb, says}) => {
      return `  ${style.accent('▸')} ${key} ${safe(name)}: ${verb}, ${safe(says ?? 'starting')}`;
    }),
    ...suspensionLines(one.suspensions, style),
    ...intentLines(one.intents, style),
    ...outcomeLines(one.outcomes.slice(0, 5), now, style),
  ];
}

function sourceLines(source: ClusterStatus['sources'][number], style: Style): readonly string[] {
  const {name, commit, subject, error} = source;
  const at = commit === null ? 'nothing yet' : `${commit.slice(0, 10)} "${safe(subject ?? '')}"`;
  const line = `  source ${safe(name)} at ${at}`;
  if (error === null) return [line];
  return [
    line,
    `    ${style.bad(error.kind)}: ${safe(error.message)}`,
    `    ${style.accent('→')} ${safe(error.remedy)}`,
  ];
}

function problems(one: ClusterStatus, style: Style): readonly string[] {
  const lines: string[] = [];
  if (one.quorate === false) lines.push(`  ${style.bad('the cluster has no quorum')}`);
  for (const {url, up} of one.endpoints) {
    if (!up) lines.push(`  ${style.bad(`${safe(url)} does not answer`)}`);
  }
  for (const {stage, because} of one.stages) {
    if (because !== null && stage !== 'fetch') {
      lines.push(`  ${style.warn(`${stage}: ${safe(because)}`)}`);
    }
  }
  if (one.journalIsNew) {
    lines.push(`  ${style.warn('journal is new')}: pvegit journal accept, once that is meant`);
  }
  return lines;
}

function resourceLines(resource: ResourceReport, now: number, style: Style): readonly string[] {
  const {id, name, state, because, drift} = resource;
  const [first] = because;
  const word = first?.reason === null || first === undefined ? '' : ` ${first.reason}:`;
  const reason = first === undefined ? '' : ` ·${word} ${safe(first.detail)}`;
  const ages = drift.map(({cause, risk, fields, since}) => {
    const count = `${fields} field${fields === 1 ? '' : 's'}`;
    return `    ${risk} ${cause}, ${count}, for ${shownDuration(now - since)}`;
  });
  const shown = stateText(state, pad(state.replaceAll('_', ' '), 12), style);
  return [`  ${shown} ${id} ${safe(name)}${reason}`, ...ages];
}

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

function suspensionLines(suspensions: readonly Suspension[], style: Style): readonly string[] {
  return suspensions.map(({key, reason, owner, expiresAt}) => {
    const until = expiresAt === null ? '' : ` until ${shownTime(expiresAt)}`;
    return `  ${style.accent('suspended')} ${key} by ${safe(owner)}${until}: ${safe(reason)}`;
  });
}

function intentLines(intents: ClusterStatus['intents'], style: Style): readonly string[] {
  return intents.map(({id, key, says, state}) => {
    return `  ${style.warn(`intent ${id}`)} ${key}: ${safe(says)} (${state})`;
  });
}

function outcomeLines(outcomes: readonly Outcome[], now: number, style: Style): readonly string[] {
  return outcomes.map(({key, name, verb, result, endedAt, because}) => {
    const sign = result === 'done' ? style.good('✓') : style.bad('✗');
    const detail = result === 'done' ? '' : `: ${safe(because)}`;
    const ago = style.dim(`${shownDuration(now - endedAt)} ago`);
    return `  ${sign} ${key} ${safe(name)}: ${verb} ${result}${detail}  ${ago}`;
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
  return [
    style.bold(safe(view.cluster)),
    `  ${view.records.length} resource${view.records.length === 1 ? '' : 's'} on record`,
    ...suspensionLines(view.suspensions, style),
    ...intentLines(intents, style),
    ...outcomeLines(view.outcomes.slice(0, 10), now, style),
  ].join('\n');
}
