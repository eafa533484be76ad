// Why this exists: a page is built from texts of strangers, so escaping is what happens by itself
// and raw HTML is what has to be asked for by type.
import {escapeHtml} from './escape.ts';

/** HTML that was made by `html`: everything foreign in it is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template; null and false show nothing. */
export type Part = string | number | null | false | Html | readonly Part[];

/** A template whose values are escaped; lists are joined, `Html` stands as it is. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const pieces = texts.map((text, at) => text + shown(parts[at] ?? null));
  return new Html(pieces.join(''));
}

function shown(part: Part): string {
  if (part === null || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return part.map(shown).join('');
}
