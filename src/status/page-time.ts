// Why this exists: people read "3 min ago" and "2 clusters", machines and tooltips the exact time.
import {type Html, html} from './html.ts';

const STEPS = [
  [60_000, 1_000, 's'],
  [3_600_000, 60_000, 'min'],
  [172_800_000, 3_600_000, 'h'],
  [Number.POSITIVE_INFINITY, 86_400_000, 'days'],
] as const;

/** `42 s`, `7 min`, `31 h`, `12 days`; negative counts as 0. */
export function span(ms: number): string {
  const positive = Math.max(0, ms);
  const [, unit, word] = STEPS.find(([limit]) => positive < limit) ?? STEPS[3];
  return `${Math.floor(positive / unit)} ${word}`;
}

/** How long something took: `0.4 s` while it is short, else as `span`. */
export function took(ms: number): string {
  return ms < 10_000 ? `${(Math.max(0, ms) / 1_000).toFixed(1)} s` : span(ms);
}

/** An element that says how long ago; both in ms since the epoch. */
export function ago(at: number, now: number): Html {
  const exact = new Date(at).toISOString();
  const words = at > now + 1_000 ? `in ${span(at - now)}` : `${span(now - at)} ago`;
  return html`<time datetime="${exact}" title="${exact}">${words}</time>`;
}
