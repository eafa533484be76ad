// Why this exists: proves that no hostile text is obeyed by any medium that this room prints to.
import {describe, expect, it} from 'vitest';
import {HOSTILE} from '../../test/builders/hostile.ts';
import {escapeHtml, escapeJson, escapeLabel} from './escape.ts';
import {html} from './html.ts';

const RAW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe('a hostile text', () => {
  it.each(HOSTILE)('is only text in HTML: $tries', ({text}) => {
    const escaped = escapeHtml(text);
    expect(escaped).not.toMatch(/[<>"'`]/);
    expect(escaped.replace(/&(?:amp|lt|gt|quot|#39|#96);/g, '')).not.toContain('&');
    expect(escaped).not.toMatch(RAW);
  });

  it.each(HOSTILE)('means the same in JSON and moves no terminal: $tries', ({text}) => {
    const escaped = escapeJson(JSON.stringify({text}));
    expect(JSON.parse(escaped)).toEqual({text});
    expect(escaped).not.toMatch(RAW);
  });

  it.each(HOSTILE)('stays within its label: $tries', ({text}) => {
    const escaped = escapeLabel(text);
    expect(escaped).toMatch(/^(?:[^"\\\n]|\\\\|\\")*$/);
    expect(escaped).not.toMatch(RAW);
  });
});

describe('an HTML template', () => {
  it('escapes every value, in lists too, and shows nothing for null and false', () => {
    const inner = html`<b>${'<i>'}</b>`;
    expect(html`<p a="${'"'}">${[inner, ['&', 7]]}${null}${false}</p>`.text).toBe(
      '<p a="&quot;"><b>&lt;i&gt;</b>&amp;7</p>',
    );
  });
});
