// Why this exists: what the lists of the page have in common.
import {type Html, html} from './html.ts';

/** A page that lists thousands shows nothing; the API has them all. */
export const MOST = 100;

/** A name that leads to all that is known of the resource. */
export function linked(cluster: string, key: string, name: string): Html {
  const part = (text: string): string => encodeURIComponent(text.toWellFormed());
  const path = key.split('/').map(part).join('/');
  const to = `/api/v1/resources/${path}?cluster=${part(cluster)}`;
  return html`<a class="name" href="${to}">${name}</a>`;
}

/** What to do; a command looks like one, and is copied whole. */
export function remedyLine(remedy: string): Html {
  if (remedy === '') return html``;
  const text = /^pvegit [^,;]*$/.test(remedy) ? html`<code>${remedy}</code>` : remedy;
  return html`<p class="remedy">${text}</p>`;
}

/** Says how many are not listed. */
export function more(length: number): Html {
  return length <= MOST
    ? html``
    : html`<p class="quiet">and ${length - MOST} more, in the <a href="/api/v1/status">API</a></p>`;
}
