// Why this exists: an inventory holds its reads by path with query string, so whoever asks for a
// read and whoever looks it up need one spelling of that path.
import type {ApiCall} from './model.ts';

/** One percent-encoded part of a path, query or form: all but unreserved characters. */
export function encodePart(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The key of a GET in `Inventory.reads`: its path, with its literal parameters as query string. */
export function readPath(call: Pick<ApiCall, 'path' | 'params'>): string {
  const query = Object.entries(call.params).flatMap(([key, value]) =>
    typeof value === 'object' ? [] : [`${encodePart(key)}=${encodePart(String(value))}`],
  );
  if (query.length === 0) return call.path;
  return `${call.path}${call.path.includes('?') ? '&' : '?'}${query.join('&')}`;
}
