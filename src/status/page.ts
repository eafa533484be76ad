// Why this exists: the page that a person opens first: is all well, what waits for me, and why.
// Made on the server from the same facts as the API; no build step, no foreign resource.
import {createHash} from 'node:crypto';
import type {Report} from '../core/report.ts';
import {counted} from '../core/shown.ts';
import {journalFacts, type ReadJournal} from './api.ts';
import {type Html, html} from './html.ts';
import {PAGE_SCRIPT, PAGE_STYLE} from './page-assets.ts';
import {clusterSection} from './page-cluster.ts';
import {ago} from './page-time.ts';
import type {Identity} from './status-document.ts';

/** What the page is made of. */
export interface PageInput {
  readonly identity: Identity;
  /** Every followed cluster, also before its first pass. */
  readonly names: readonly string[];
  readonly reports: ReadonlyMap<string, Report>;
  readonly journal: ReadJournal;
  /** ms since the epoch. */
  readonly now: number;
}

const hash = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Only this page's own style and script run, and the script may only ask this server. */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  `style-src ${hash(PAGE_STYLE)}`,
  `script-src ${hash(PAGE_SCRIPT)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The whole document. */
export function statusPage(input: PageInput): string {
  const {identity, names, reports, journal, now} = input;
  const sections = names.map((name) => {
    const report = reports.get(name);
    if (report === undefined)
      return html`<section class="cluster"><h2>${name}</h2>
<p class="quiet">No pass yet: the first one is under way.</p></section>`;
    return clusterSection(report, journalFacts(journal, name), now);
  });
  const summary = overall(names, reports);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${summary.mark} ${identity.installation} · pvegit</title>
<link rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="15"></noscript>
`;
  const head = `<style>${PAGE_STYLE}</style>\n</head>\n`;
  const body = html`<body>
<header>
<h1>${identity.installation}</h1>
<p class="quiet" id="about">pvegit ${identity.version}${startedText(identity, now)}</p>
<p id="stale" role="alert" hidden></p>
</header>
<main>
<p class="overall ${summary.tone}"><span aria-hidden="true">${summary.mark}</span>
${summary.text}</p>
${sections}
</main>
<footer class="quiet">
<p>This page only shows. What shall change goes through Git or the <code>pvegit</code> command.</p>
<p><a href="/api/v1/status">API</a> · <a href="/metrics">metrics</a> ·
<a href="/api/v1/audit">audit log</a></p>
</footer>
`;
  return `${page.text}${head}${body.text}<script>${PAGE_SCRIPT}</script>\n</body>\n</html>\n`;
}

function startedText({startedAt}: Identity, now: number): Html | null {
  return startedAt === null ? null : html` · started ${ago(startedAt, now)}`;
}

interface Overall {
  readonly tone: 'good' | 'wait' | 'bad';
  readonly mark: string;
  readonly text: string;
}

/** One sentence over everything, in the order of what matters most. */
function overall(names: readonly string[], reports: ReadonlyMap<string, Report>): Overall {
  const all = names.flatMap((name) => reports.get(name) ?? []);
  const states = all.flatMap(({resources}) => resources.map(({state}) => state));
  const count = (...wanted: readonly string[]): number =>
    states.filter((state) => wanted.includes(state)).length;
  const failing = count('failed', 'undetermined');
  const broken = all.filter(({result}) => result !== 'ok').length;
  const astray = all.flatMap(({sources}) => sources).filter(isAstray).length;
  if (failing > 0 || broken > 0 || astray > 0) {
    const parts = [
      ...(failing > 0 ? [`${counted(failing, 'resource')} failed or cannot be told`] : []),
      ...(broken > 0 ? [`${counted(broken, 'cluster')} could not be read whole`] : []),
      ...(astray > 0 ? [`${counted(astray, 'source')} cannot be followed`] : []),
    ];
    return {tone: 'bad', mark: '✗', text: `${parts.join('; ')}.`};
  }
  const held = count('held');
  if (held > 0)
    return {tone: 'wait', mark: '◆', text: `${counted(held, 'resource')} held; see why below.`};
  const unready = names.length - all.length;
  if (unready > 0) {
    return {tone: 'wait', mark: '…', text: `${counted(unready, 'cluster')} not looked at yet.`};
  }
  const moving = count('applying', 'out_of_sync');
  if (moving > 0)
    return {tone: 'wait', mark: '↻', text: `${counted(moving, 'resource')} on the way.`};
  const paused = count('suspended');
  if (paused > 0)
    return {tone: 'wait', mark: '‖', text: `${counted(paused, 'resource')} suspended.`};
  if (all.some(({journalIsNew}) => journalIsNew)) {
    return {tone: 'wait', mark: '…', text: 'The journal is new and waits to be accepted.'};
  }
  if (states.length === 0) return {tone: 'good', mark: '✓', text: 'Nothing is managed yet.'};
  return {tone: 'good', mark: '✓', text: `${counted(states.length, 'resource')}, all as declared.`};
}

/** The newest state of a source is not what is in force: it is broken, or holds mistakes. */
function isAstray({error, diagnostics}: Report['sources'][number]): boolean {
  return error !== null || diagnostics.some(({severity}) => severity === 'error');
}
