// Why this exists: the library for HTTPS repositories is large, and whoever follows one over ssh or
// through the git program never needs it: it is loaded when it is first asked.
import type {Engine} from './engine.ts';

/** An engine that is loaded at its first use. */
export function engineOnDemand(load: () => Promise<Engine>): Engine {
  let loading: Promise<Engine> | null = null;
  let loaded: Engine | null = null;
  const engine = async (): Promise<Engine> => {
    loading ??= load();
    loaded = await loading;
    return loaded;
  };
  return {
    tip: async (...asked) => (await engine()).tip(...asked),
    fetch: async (...asked) => (await engine()).fetch(...asked),
    objects: async (...asked) => (await engine()).objects(...asked),
    isAncestor: async (...asked) => (await engine()).isAncestor(...asked),
    commitsBetween: async (...asked) => (await engine()).commitsBetween(...asked),
    rest: () => loaded?.rest(),
    reset: async () => (await engine()).reset(),
  };
}
