// Why this exists: the lists of a cluster on the page: what is held and how to go on, drift, what
// runs, what ended.
import type {Action, Outcome, Verdict} from '../core/action.ts';
import type {Report} from '../core/report.ts';
import {type Html, html} from './html.ts';
import {ago, many, span} from './page-time.ts';
import {waitsForApproval} from './report-samples.ts';
import type {JournalFacts} from './status-document.ts';

/** A page that lists thousands shows nothing; the API has them all. */
const MOST = 100;

/** Resources that failed or cannot be told, with what is known of why. */
export function troubleList({cluster, resources}: Report, {outcomes}: JournalFacts): Html {
  const all = resources.filter(({state}) => state === 'failed' || state === 'undetermined');
  if (all.length === 0) return html``;
  const cards = all.slice(0, MOST).map(({key, id, name, state, because}) => {
    const [first] = because;
    const ended = outcomes.find((outcome) => outcome.key === key && outcome.result !== 'done');
    const why = first?.detail ?? ended?.because ?? 'The log and the API say more.';
    return html`<li class="card bad">
<p>${linked(cluster, key, name)} <span class="quiet">${id}</span>
<span class="verb">${state}</span></p><p class="because"><strong>${first?.reason ?? ''}</strong>
${why}</p>${first === undefined ? '' : html`<p class="remedy">${first.remedy}</p>`}</li>`;
  });
  return html`<h3>In trouble <span class="count">${all.length}</span></h3>
<ul class="cards">${cards}</ul>${more(all.length)}`;
}

/** A name that leads to all that is known of the resource. */
function linked(cluster: string, key: string, name: string): Html {
  const part = (text: string): string => encodeURIComponent(text.toWellFormed());
  const path = key.split('/').map(part).join('/');
  const to = `/api/v1/resources/${path}?cluster=${part(cluster)}`;
  return html`<a class="name" href="${to}">${name}</a>`;
}

/** Actions that are held or refused: what, why, the way on, and the fingerprint to approve. */
export function heldList({cluster, plan, verdicts}: Report): Html {
  const actions = new Map(plan?.actions.map((action) => [action.fingerprint, action]));
  const stopped = verdicts
    .filter(({verdict, reasons}) => verdict !== 'allow' && reasons.length > 0)
    .toSorted((left, right) => weight(left) - weight(right));
  if (stopped.length === 0) return html``;
  const cards = stopped.slice(0, MOST).map((verdict) => held(cluster, verdict, actions));
  return html`<h3>Held <span class="count">${stopped.length}</span></h3>
<ul class="cards">${cards}</ul>${more(stopped.length)}`;
}

/** What only a person can move on stands first, what passes by itself last. */
function weight(verdict: Verdict): number {
  if (waitsForApproval(verdict)) return 0;
  return ['waiting', 'limit', 'applying'].includes(verdict.reasons[0]?.reason ?? '') ? 2 : 1;
}

function held(cluster: string, verdict: Verdict, actions: ReadonlyMap<string, Action>): Html {
  const {fingerprint, key, reasons} = verdict;
  const action = actions.get(fingerprint);
  const [first, ...others] = reasons;
  const refused = verdict.verdict === 'refuse' ? 'refused: ' : '';
  return html`<li class="card ${action?.risk ?? ''}">
<p>${linked(cluster, key, action?.name ?? key)} <span class="quiet">${key}</span>
<span class="verb">${action?.verb ?? ''}</span> <span class="risk">${action?.risk ?? ''}</span></p>
<p class="because"><strong>${refused}${first?.reason ?? ''}</strong> ${first?.detail ?? ''}</p>
<p class="remedy">${first?.remedy ?? ''}</p>
${otherReasons(others, fingerprint)}
${changes(action?.changes ?? [], fingerprint)}
<p class="quiet">fingerprint <code title="${fingerprint}">${fingerprint.slice(0, 16)}</code></p>
</li>`;
}

function otherReasons(others: Verdict['reasons'], fingerprint: string): Html {
  if (others.length === 0) return html``;
  const items = others.map(
    ({reason, detail, remedy}) => html`<li><strong>${reason}</strong> ${detail}
<p class="remedy">${remedy}</p></li>`,
  );
  return html`<details data-keep="also-${fingerprint}">
<summary>and ${others.length} more</summary><ul class="plain">${items}</ul></details>`;
}

function changes(all: Action['changes'], fingerprint: string): Html {
  if (all.length === 0) return html``;
  const rows = all.slice(0, MOST).map(
    ({field, shown, risk, cause, because}) => html`<tr><th scope="row"><code>${field}</code></th>
<td><del>${shown.from}</del> → <ins>${shown.to}</ins></td>
<td>${risk}, ${cause}</td><td class="quiet">${because}</td></tr>`,
  );
  return html`<details data-keep="changes-${fingerprint}">
<summary>${many(all.length, 'change')}</summary>
<div class="scroll"><table><tbody>${rows}</tbody></table></div></details>`;
}

/** Drift and conflict with their age, oldest first. */
export function driftList({cluster, resources}: Report, now: number): Html {
  const all = resources
    .flatMap((resource) => resource.drift.map((drift) => ({resource, drift})))
    .toSorted((left, right) => left.drift.since - right.drift.since);
  if (all.length === 0) return html``;
  const rows = all.slice(0, MOST).map(
    ({resource: {key, id, name}, drift: {cause, risk, fields, since}}) => html`<tr>
<th scope="row">${linked(cluster, key, name)} <span class="quiet">${id}</span></th>
<td>${cause}</td><td>${risk}</td>
<td>${many(fields, 'field')}</td><td>${ago(since, now)}</td></tr>`,
  );
  return html`<h3>Drift <span class="count">${all.length}</span></h3>
<div class="scroll"><table><thead><tr><th>resource</th><th>cause</th><th>class</th><th>size</th>
<th>first seen</th></tr></thead><tbody>${rows}</tbody></table></div>${more(all.length)}`;
}

/** Actions under way. */
export function runningList({applying}: Report, now: number): Html {
  if (applying.length === 0) return html``;
  const items = applying.slice(0, MOST).map((one) => {
    const {key, name, verb, says, startedAt} = one;
    const took = span(now - startedAt);
    return html`<li><b>${name}</b> <span class="quiet">${key}</span>
<span class="verb">${verb}</span> ${says ?? ''} <span class="quiet">for ${took}</span></li>`;
  });
  return html`<h3>Running <span class="count">${applying.length}</span></h3>
<ul class="plain">${items}</ul>${more(applying.length)}`;
}

const RESULT_MARKS: {readonly [result in Outcome['result']]: string} = {
  done: '✓',
  failed: '✗',
  skipped: '–',
  interrupted: '!',
  unknown: '?',
};

/** What ended lately, newest first. */
export function outcomeTable(outcomes: readonly Outcome[], now: number): Html {
  if (outcomes.length === 0) return html``;
  const rows = outcomes.map(
    ({name, key, verb, result, because, startedAt, endedAt}) => html`<tr class="${result}">
<td class="short"><span aria-hidden="true">${RESULT_MARKS[result]}</span> ${result}</td>
<th scope="row">${name} <span class="quiet">${key}</span></th><td>${verb}</td>
<td>${result === 'done' ? '' : because}</td><td class="short">${span(endedAt - startedAt)}</td>
<td class="short">${ago(endedAt, now)}</td></tr>`,
  );
  return html`<h3>Lately</h3><div class="scroll"><table><thead><tr><th>result</th><th>resource</th>
<th>action</th><th>because</th><th>took</th><th>ended</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function more(length: number): Html {
  return length <= MOST
    ? html``
    : html`<p class="quiet">and ${length - MOST} more, in the <a href="/api/v1/status">API</a></p>`;
}
