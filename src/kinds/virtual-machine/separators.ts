// Why this exists: many values stand packed in one string; one that holds a comma would smuggle
// sub-keys past every check (`bridge: "vmbr0,firewall=0"`, `storage: "s:0,import-from=…"`).
import type {FieldValue} from '../../core/model.ts';
import {isPacked} from '../guest/property-string.ts';
import {type FieldPlace, factsOf, keyFactsOf} from './field-path.ts';

/** What a text must not hold where it is going to stand; null: it may stand there. */
export function smuggles(place: FieldPlace, value: FieldValue): string | null {
  if (place.type === 'encoded' || place.type === 'description') return null;
  const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? value : [];
  for (const text of texts) {
    const found = smuggled(place, String(text));
    if (found !== null) return found;
  }
  return null;
}

/** The same for what is imported, which stands behind `import-from=`. */
export function smugglesAsVolume(text: string): string | null {
  return /[,\p{Cc}]/u.exec(text)?.[0] ?? null;
}

function smuggled(place: FieldPlace, text: string): string | null {
  const {derived} = place.spec;
  if (derived !== undefined) return /[^A-Za-z0-9_.-]/u.exec(text)?.[0] ?? null;
  const facts = keyFactsOf(place);
  if (facts === null || !isPacked(facts) || place.sub === null) return null;
  const separator =
    place.type === 'set' || place.type === 'sequence' ? /[,;\p{Cc}]/u : /[,\p{Cc}]/u;
  const found = separator.exec(text)?.[0];
  if (found !== undefined) return found;
  // The first value stands without its name, so that `name=` in it would be read as one.
  const bare = factsOf(place)?.defaultKey === true;
  return bare && /^[a-z][a-z0-9_-]*=/i.test(text) ? '=' : null;
}
