// Why this exists: what stands still, on the page: in trouble, held with the way on, or next in
// turn.
import {type Action, isPassing, isStuck, type Verdict} from '../core/action.ts';
import {isObject, type Json} from '../core/json.ts';
import type {Report} from '../core/report.ts';
import {counted, shownKey} from '../core/shown.ts';
import {type Html, html} from './html.ts';
import {linked, MOST, more, remedyLine} from './page-parts.ts';
import {waitsForApproval} from './report-samples.ts';
import type {JournalFacts} from './status-document.ts';

/** Resources that failed or cannot be told, with what is known of why; the same reason once. */
export function troubleList({cluster, resources}: Report, {outcomes}: JournalFacts): Html {
  const all = resources.filter(isTrouble);
  if (all.length === 0) return html``;
  const alike = Map.groupBy(all, ({key, state, because}) =>
    state === 'undetermined' ? JSON.stringify(because) : key,
  );
  const cards = [...alike.values()].slice(0, MOST).map((group) => {
    const [resource] = group;
    const first = resource?.because[0];
    const ended = outcomes.find(({key, result}) => key === resource?.key && result !== 'done');
    const why = first?.detail ?? ended?.because ?? 'The log and the API say more.';
    const names = group.slice(0, MOST).map(
      ({key, id, name}, at) => html`${at === 0 ? '' : ', '}${linked(cluster, key, name)}
<span class="quiet">${shownKey(id)}</span>`,
    );
    return html`<li class="card bad">
<p>${names} <span class="verb">${resource?.state ?? ''}</span></p>${more(group.length)}
<p class="because"><strong>${first?.reason ?? ''}</strong>
${why}</p>${first !== undefined && remedyLine(first.remedy)}</li>`;
  });
  return html`<h3>In trouble <span class="count">${all.length}</span></h3>
<ul class="cards">${cards}</ul>${more(alike.size)}`;
}

/** Actions that are held or refused: what, why, the way on, and the fingerprint to approve. */
export function heldList(report: Report): Html {
  const {cluster, resources} = report;
  const actions = actionsOf(report);
  const shownAlready = new Set(resources.filter(isTrouble).map(({key}) => key));
  const stopped = stoppedIn(report)
    .filter((verdict) => !isNext(verdict, actions))
    .filter(({key, fingerprint}) => isWork(actions.get(fingerprint)) || !shownAlready.has(key))
    .toSorted((left, right) => weight(left) - weight(right));
  if (stopped.length === 0) return html``;
  const cards = stopped.slice(0, MOST).map((verdict) => held(cluster, verdict, actions));
  return html`<h3>Held <span class="count">${stopped.length}</span></h3>
<ul class="cards">${cards}</ul>${more(stopped.length)}`;
}

/** Actions that wait for nothing but their turn. */
export function nextList(report: Report): Html {
  const actions = actionsOf(report);
  const next = stoppedIn(report).filter((verdict) => isNext(verdict, actions));
  if (next.length === 0) return html``;
  const items = next.slice(0, MOST).map(({key, fingerprint, reasons}) => {
    const action = actions.get(fingerprint);
    return html`<li>${linked(report.cluster, key, action?.name ?? key)}
<span class="quiet">${shownKey(key)}</span> ${pill('verb', action?.verb ?? '')}
<span class="quiet">${reasons[0]?.reason ?? ''}: ${reasons[0]?.detail ?? ''}</span></li>`;
  });
  return html`<h3>Next <span class="count">${next.length}</span></h3>
<ul class="plain">${items}</ul>${more(next.length)}`;
}

type Actions = ReadonlyMap<string, Action>;

function isNext({reasons, fingerprint}: Verdict, actions: Actions): boolean {
  const action = actions.get(fingerprint);
  return isPassing(reasons) && !(action !== undefined && isStuck(action));
}

function actionsOf({plan}: Report): Actions {
  return new Map(plan?.actions.map((action) => [action.fingerprint, action]));
}

function stoppedIn({verdicts}: Report): readonly Verdict[] {
  return verdicts.filter(({verdict, reasons}) => verdict !== 'allow' && reasons.length > 0);
}

function isTrouble({state}: Report['resources'][number]): boolean {
  return state === 'failed' || state === 'undetermined';
}

function isWork(action: Action | undefined): boolean {
  return action !== undefined && action.verb !== 'none';
}

/** What only a person can move on stands first. */
function weight(verdict: Verdict): number {
  return waitsForApproval(verdict) ? 0 : 1;
}

function pill(sort: 'verb' | 'risk', text: string): Html {
  return text === '' ? html`` : html`<span class="${sort}">${text}</span>`;
}

function held(cluster: string, verdict: Verdict, actions: Actions): Html {
  const {fingerprint, key, reasons} = verdict;
  const action = actions.get(fingerprint);
  const [first, ...others] = reasons;
  const refused = verdict.verdict === 'refuse' ? 'refused: ' : '';
  return html`<li class="card ${isWork(action) ? (action?.risk ?? '') : 'bad'}">
<p>${linked(cluster, key, action?.name ?? key)} <span class="quiet">${shownKey(key)}</span>
${isWork(action) && [pill('verb', action?.verb ?? ''), ' ', pill('risk', action?.risk ?? '')]}</p>
<p class="because"><strong>${refused}${first?.reason ?? ''}</strong> ${first?.detail ?? ''}</p>
${remedyLine(first?.remedy ?? '')}
${otherReasons(others, fingerprint)}
${whyGone(action)}
${runsNow(action)}
${losses(action)}
${changes(action?.changes ?? [], fingerprint)}
<p class="quiet">fingerprint <code title="${fingerprint}">${fingerprint.slice(0, 16)}</code></p>
</li>`;
}

function otherReasons(others: Verdict['reasons'], fingerprint: string): Html {
  if (others.length === 0) return html``;
  const items = others.map(
    ({reason, detail, remedy}) => html`<li><strong>${reason}</strong> ${detail}
${remedyLine(remedy)}</li>`,
  );
  return html`<details data-keep="also-${fingerprint}">
<summary>and ${others.length} more</summary><ul class="plain">${items}</ul></details>`;
}

/** Nobody asks for a deletion in so many words: it follows from what is no longer in Git. */
function whyGone(action: Action | undefined): Html {
  if (action?.verb !== 'delete' || action.range !== null) return html``;
  return html`<p>No manifest of ${action.source} asks for it any more.</p>`;
}

/** A deletion begins by stopping it. */
function runsNow(action: Action | undefined): Html {
  if (action?.verb !== 'delete' || action.facts['power'] !== 'running') return html``;
  return html`<p><strong>It runs now.</strong></p>`;
}

/** What is gone afterwards; a deletion has no other changes to show. */
function losses(action: Action | undefined): Html {
  const {volumes, snapshots, also} = action?.facts ?? {};
  const lost = [
    ...list(volumes).map((volume) =>
      isObject(volume) ? Object.values(volume).join(', ') : volume,
    ),
    ...list(snapshots).map((name) => `snapshot ${String(name)}`),
    ...list(also),
  ];
  if (action?.risk !== 'destructive' || lost.length === 0) return html``;
  const items = lost.slice(0, MOST).map((what) => html`<li><del>${String(what)}</del></li>`);
  return html`<p>Lost for good:</p><ul class="plain">${items}</ul>`;
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** So few changes are read at a glance. */
const FEW = 5;

function changes(all: Action['changes'], fingerprint: string): Html {
  if (all.length === 0) return html``;
  const rows = all.slice(0, MOST).map(
    ({field, shown, risk, cause, because}) => html`<tr><th scope="row"><code>${field}</code></th>
<td><del>${shown.from}</del> → <ins>${shown.to}</ins></td>
<td>${risk}, ${cause}</td><td class="quiet">${because}</td></tr>`,
  );
  const open = all.length <= FEW ? html` open` : '';
  return html`<details data-keep="changes-${fingerprint}"${open}>
<summary>${counted(all.length, 'change')}</summary>
<div class="scroll"><table><tbody>${rows}</tbody></table></div></details>`;
}
