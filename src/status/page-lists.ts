// Why this exists: the lists of a cluster on the page that need nobody: drift, what runs, what
// ended.
import type {Outcome} from '../core/action.ts';
import type {Report, ResourceState} from '../core/report.ts';
import {counted, shownKey} from '../core/shown.ts';
import {type Html, html} from './html.ts';
import {linked, MOST, more} from './page-parts.ts';
import {ago, span, took} from './page-time.ts';
import {STATES_BY_URGENCY} from './status-document.ts';

/** Drift and conflict with their age, oldest first. */
export function driftList({cluster, resources}: Report, now: number): Html {
  const all = resources
    .flatMap((resource) => resource.drift.map((drift) => ({resource, drift})))
    .toSorted((left, right) => left.drift.since - right.drift.since);
  if (all.length === 0) return html``;
  const rows = all.slice(0, MOST).map(
    ({resource: {key, id, name}, drift: {cause, risk, fields, since}}) => html`<tr>
<th scope="row">${linked(cluster, key, name)} <span class="quiet">${shownKey(id)}</span></th>
<td>${cause}</td><td>${risk}</td>
<td>${counted(fields, 'field')}</td><td>${ago(since, now)}</td></tr>`,
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
    return html`<li><b>${name}</b> <span class="quiet">${shownKey(key)}</span>
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
<th scope="row">${name} <span class="quiet">${shownKey(key)}</span></th><td>${verb}</td>
<td>${result === 'done' ? '' : because}</td><td class="short">${took(endedAt - startedAt)}</td>
<td class="short">${ago(endedAt, now)}</td></tr>`,
  );
  return html`<h3>Lately</h3><div class="scroll"><table><thead><tr><th>result</th><th>resource</th>
<th>action</th><th>because</th><th>took</th><th>ended</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/** Everything that is managed, folded in: what is not well stands first. */
export function allResources({cluster, resources}: Report): Html {
  if (resources.length === 0) {
    return html`<p class="empty">Nothing is managed yet. Write a manifest
(<code>pvegit new vm</code>, or <code>pvegit import</code> for guests that exist), and commit
it.</p>`;
  }
  const rank = (state: ResourceState): number => STATES_BY_URGENCY.indexOf(state);
  const sorted = resources.toSorted(
    (left, right) => rank(left.state) - rank(right.state) || byVmid(left.key, right.key),
  );
  const rows = sorted.slice(0, MOST_RESOURCES).map(
    ({key, name, state, node, source}) => html`<tr><td class="short">${shownKey(key)}</td>
<th scope="row">${linked(cluster, key, name)}</th>
<td class="short">${state.replaceAll('_', ' ')}</td>
<td>${node ?? '–'}</td><td class="quiet">${source}</td></tr>`,
  );
  const rest = sorted.length - rows.length;
  return html`<details class="all" data-keep="all-${cluster}">
<summary>All ${counted(resources.length, 'resource')}</summary>
<div class="scroll"><table><thead><tr><th>VMID</th><th>name</th><th>state</th><th>node</th>
<th>source</th></tr></thead><tbody>${rows}</tbody></table></div>
${rest > 0 && html`<p class="quiet">and ${rest} more, in the <a href="/api/v1/status">API</a></p>`}
</details>`;
}

/** Guests that no manifest claims, folded in. */
export function unmanagedList({cluster, plan}: Report): Html {
  const all = plan?.unmanaged ?? [];
  if (all.length === 0) return html``;
  const items = all.slice(0, MOST).map(
    ({id, name, node}) => html`<li>${name ?? ''} <span class="quiet">${shownKey(id)} on
${node ?? '–'}</span></li>`,
  );
  return html`<details class="all" data-keep="unmanaged-${cluster}">
<summary>${counted(all.length, 'guest')} not managed</summary>
<p class="quiet">They are never touched. <code>pvegit import</code> writes manifests of them.</p>
<ul class="plain">${items}</ul>${more(all.length)}</details>`;
}

/** A folded list may be longer; a page of thousands is none. */
const MOST_RESOURCES = 500;

/** `guest/99` before `guest/100`; one collator, because making one takes longer than comparing. */
const byVmid = new Intl.Collator('en', {numeric: true}).compare;
