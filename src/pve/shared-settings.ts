// Why this exists: ten thousand guests say in ten thousand answers that they have two cores. What
// many of them say alike is kept once, or the answers of a pass would fill the memory.
import {isObject, type Json} from '../core/json.ts';

/** A few settings have more values than this in common; a name or an address never has. */
const MOST_VALUES = 64;

/** The settings of one pass that were seen before, by key and value. */
export class SharedSettings {
  readonly #known = new Map<string, Map<string, Json>>();

  /** The same answer; in a list of `{key, value}` the items are those of earlier answers. */
  share(answer: Json): Json {
    // Safe: `isArray` cannot tell that a list in JSON is one of JSON.
    const items = Array.isArray(answer) ? (answer as readonly Json[]) : [];
    const [first] = items;
    if (!isObject(first) || typeof first['key'] !== 'string') return answer;
    return items.map((item) => this.#shared(item));
  }

  #shared(item: Json): Json {
    if (!isObject(item)) return item;
    const {key, value} = item;
    // What is pending has a third field, and must not be taken for what is not.
    if (typeof key !== 'string' || typeof value !== 'string' || hasMore(item)) return item;
    const values = this.#known.get(key) ?? new Map<string, Json>();
    this.#known.set(key, values);
    const known = values.get(value);
    if (known === undefined && values.size < MOST_VALUES) values.set(value, item);
    return known ?? item;
  }
}

function hasMore(item: object): boolean {
  for (const name in item) if (name !== 'key' && name !== 'value') return true;
  return false;
}
