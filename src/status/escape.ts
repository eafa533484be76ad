// Why this exists: names, descriptions and commit texts are written by strangers. Each medium has
// one escape, applied where it is printed and nowhere else.
import {visible} from '../core/visible.ts';

const ENTITIES: {readonly [character: string]: string} = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text for an HTML element or a quoted attribute; what cannot be seen is written out. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}

/** What JSON may hold raw, yet moves a terminal's cursor, reverses a line or hides. */
const UNSEEN_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** JSON text that means the same, with everything unseen as `\uXXXX`: safe to print anywhere. */
export function escapeJson(json: string): string {
  return json.replace(UNSEEN_IN_JSON, (character) =>
    Array.from(
      {length: character.length},
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** A label's value of the Prometheus text format, without the quotes around it. */
export function escapeLabel(text: string): string {
  return visible(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
