// Why this exists: the lists of a cluster on the page that need nobody: drift, what runs, what
// ended.
import type {Outcome} from '../core/action.ts';
import type {Report} from '../core/report.ts';
import {type Html, html} from './html.ts';
import {linked, MOST, more} from './page-parts.ts';
import {ago, many, span, took} from './page-time.ts';

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
<td>${result === 'done' ? '' : because}</td><td class="short">${took(endedAt - startedAt)}</td>
<td class="short">${ago(endedAt, now)}</td></tr>`,
  );
  return html`<h3>Lately</h3><div class="scroll"><table><thead><tr><th>result</th><th>resource</th>
<th>action</th><th>because</th><th>took</th><th>ended</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}
