// Why this exists: ten thousand manifests each have places that hardly anybody asks for. A getter
// in an object literal is a function of its own for each object and costs more memory than the rest
// of the object; here all objects of a sort share one.

/** Adds a property that is made anew from what is kept whenever somebody asks for it. */
export type OnDemand<K extends string, S, V> = <T extends object>(
  target: T,
  kept: S,
) => T & {readonly [name in K]: V};

/**
 * A sort of objects with a property on demand. It is an own property, so that a copy by spreading
 * holds its value, and a comparison or JSON sees it.
 */
export function onDemand<K extends string, S, V>(name: K, make: (kept: S) => V): OnDemand<K, S, V> {
  const kept = Symbol(name);
  function get(this: {readonly [kept]: S}): V {
    return make(this[kept]);
  }
  return (target, state) => {
    Object.defineProperty(target, kept, {value: state});
    Object.defineProperty(target, name, {get, enumerable: true, configurable: true});
    // Safe: the property was defined in the line before.
    return target as typeof target & {readonly [name in K]: V};
  };
}
