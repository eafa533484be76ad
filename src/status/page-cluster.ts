// Why this exists: one cluster on the page: how the last pass went, then what needs a person, then
// what moves, then history.
import type {Plan} from '../core/action.ts';
import type {Report, ResourceReport, SourceReport} from '../core/report.ts';
import {counted, shownCommit, shownKey} from '../core/shown.ts';
import {resumeCommand} from '../core/suspension.ts';
import {type Html, html} from './html.ts';
import {heldList, nextList, troubleList} from './page-held.ts';
import {allResources, driftList, outcomeTable, runningList, unmanagedList} from './page-lists.ts';
import {remedyLine} from './page-parts.ts';
import {ago, took} from './page-time.ts';
import {type JournalFacts, STATES_BY_URGENCY} from './status-document.ts';

/** The section of one cluster. */
export function clusterSection(report: Report, facts: JournalFacts, now: number): Html {
  return html`<section class="cluster" aria-label="cluster ${report.cluster}">
<h2>${report.cluster}</h2>
${passLine(report, now)}
${warnings(report, facts, now)}
${counts(report)}
${troubleList(report, facts)}
${heldList(report)}
${driftList(report, now)}
${runningList(report, now)}
${nextList(report)}
${intents(report, facts, now)}
${sources(report.sources, now)}
${allResources(report)}
${unmanagedList(report)}
${outcomeTable(facts.outcomes, now)}
</section>
`;
}

function passLine(report: Report, now: number): Html {
  const {endedAt, startedAt, requests, quorate, endpoints, plan} = report;
  const up = endpoints.filter((endpoint) => endpoint.up).length;
  const facts = [
    html`last pass ${ago(endedAt, now)}, took ${took(endedAt - startedAt)}`,
    html`${counted(requests, 'API request')}`,
    html`${up} of ${counted(endpoints.length, 'endpoint')} up`,
    quorate === null ? html`quorum unknown` : html`${quorate ? 'has quorum' : 'no quorum'}`,
    plan === null ? html`no plan` : unmanagedCount(plan),
  ];
  return html`<p class="quiet">${facts.map((fact, at) => [at === 0 ? '' : ' · ', fact])}</p>`;
}

function unmanagedCount({unmanaged}: Plan): Html {
  if (unmanaged === null) return html`guests that are not managed: unknown`;
  return html`${counted(unmanaged.length, 'guest')} not managed`;
}

function warnings(report: Report, {suspensions}: JournalFacts, now: number): Html {
  const wrong = [
    ...report.stages.flatMap(({stage, ok, because}) =>
      ok ? [] : [html`<strong>${stage} is not complete.</strong> ${because ?? ''}${wayOn(stage)}`],
    ),
    ...(report.quorate === false
      ? [html`<strong>The cluster has no quorum.</strong> Nothing is written until it has.`]
      : []),
    ...report.endpoints.flatMap(({url, up}) =>
      up ? [] : [html`<strong>Endpoint down:</strong> <code>${url}</code>`],
    ),
  ];
  const known = [
    ...(report.journalIsNew
      ? [
          html`<strong>The journal is new.</strong> Approvals and operations already in Git count as
spent. If that is right: <code>pvegit journal accept</code>`,
        ]
      : []),
    ...suspensions
      .filter(({expiresAt}) => expiresAt === null || expiresAt > now)
      .map(
        ({key, reason, owner, since, expiresAt}) => html`<strong>Suspended:</strong>
${key === '*' ? 'the whole cluster' : named(report, key)} by ${owner}, ${ago(since, now)}
(${expiresAt === null ? 'until resumed' : html`ends ${ago(expiresAt, now)}`}): ${reason}
${remedyLine(resumeCommand({key, cluster: report.cluster}))}`,
      ),
  ];
  if (wrong.length + known.length === 0) return html``;
  return html`<ul class="warnings">${wrong.map((one) => html`<li>${one}</li>`)}
${known.map((one) => html`<li class="wait">${one}</li>`)}</ul>`;
}

/** What is wrong with a source is said below, with its own way on. */
function wayOn(stage: Report['stages'][number]['stage']): Html {
  return stage === 'observe' ? remedyLine('pvegit doctor') : html``;
}

/** A resource with its name, which says more to people than its VMID. */
function named({resources}: Report, key: string): string {
  const name = resources.find((one) => one.key === key)?.name ?? '';
  return name === '' ? shownKey(key) : `${name} (${shownKey(key)})`;
}

const MARKS: {readonly [state in ResourceReport['state']]: string} = {
  failed: '✗',
  undetermined: '?',
  held: '◆',
  suspended: '‖',
  applying: '▶',
  out_of_sync: '↻',
  in_sync: '✓',
};

function counts({resources}: Report): Html {
  const tiles = STATES_BY_URGENCY.map((state) => {
    const count = resources.filter((resource) => resource.state === state).length;
    const tone = count === 0 ? 'none' : state;
    return html`<li class="tile ${tone}"><b>${count}</b>
<span><span aria-hidden="true">${MARKS[state]}</span> ${state.replaceAll('_', ' ')}</span></li>`;
  });
  return html`<ul class="tiles" aria-label="resources by state">${tiles}</ul>`;
}

function intents(report: Report, {intents}: JournalFacts, now: number): Html {
  if (intents.length === 0) return html``;
  const items = intents.map(
    ({id, key, step, state, openedAt}) => html`<li><b>${named(report, key)}</b> ${step.says}
<span class="quiet">(intent ${id}, ${state}, sent ${ago(openedAt, now)})</span></li>`,
  );
  return html`<h3>Calls without an outcome yet</h3><ul class="plain">${items}</ul>`;
}

function sources(reports: readonly SourceReport[], now: number): Html {
  return html`<h3>Sources</h3>
<ul class="cards">${reports.map((report) => source(report, now))}</ul>`;
}

const MOST_DIAGNOSTICS = 20;

function source(report: SourceReport, now: number): Html {
  const {name, repository, commit, subject, author, committedAt, error, documents} = report;
  const inForce =
    commit === null
      ? html`<p class="quiet">No commit is in force yet.</p>`
      : html`<p><code title="${commit}">${shownCommit(commit)}</code> ${subject ?? ''}
<span class="quiet">${author ?? ''}${committedAt === null ? '' : [' · ', ago(committedAt, now)]}
· ${counted(documents, 'manifest')}</span></p>`;
  return html`<li class="card ${error === null ? '' : 'bad'}">
<p><b>${name}</b> <span class="quiet">${repository}</span></p>
${inForce}
${
  error === null
    ? ''
    : html`<p class="because"><strong>${error.kind}:</strong> ${error.message}</p>
${remedyLine(error.remedy)}`
}
${diagnostics(report)}
</li>`;
}

function diagnostics({diagnostics: found}: SourceReport): Html {
  if (found.length === 0) return html``;
  const items = found.slice(0, MOST_DIAGNOSTICS).map(mistake);
  const rest = found.length - items.length;
  const last = rest > 0 && html`<li>and ${rest} more</li>`;
  return html`<details data-keep="diagnostics" open><summary>${counted(found.length, 'mistake')} in
manifests</summary><ul class="plain">${items}${last}</ul></details>`;
}

function mistake(found: SourceReport['diagnostics'][number]): Html {
  const {severity, summary, detail, remedy, suggestion, range, frame} = found;
  const place = range === undefined ? '' : `${range.file}:${range.start.line}`;
  return html`<li><p><strong>${severity}: ${summary}</strong> <code>${place}</code></p>
<p>${detail}</p>
${frame !== undefined && html`<pre>${frameLines(frame)}</pre>`}
${suggestion !== undefined && html`<p>Did you mean <code>${suggestion}</code>?</p>`}
${remedy !== undefined && remedyLine(remedy)}</li>`;
}

/** Line ends are ours and stay; everything else unseen is written out by `html`. */
function frameLines(frame: string): readonly Html[] {
  return frame.split('\n').map((line) => html`${line}${NEWLINE}`);
}

const NEWLINE = html`
`;
