// Why this exists: documents into what they mean together: Defaults first, then each by itself, and
// what was understood of an unchanged one is not understood again.
import type {SecretDeclaration} from '../core/kind.ts';
import type {Desired, Diagnostic, ResourceKey} from '../core/model.ts';
import {mapSteps, type Steps} from '../core/steps.ts';
import {defaultsFor, type FolderDefaults, folderOf} from './defaults.ts';
import {isDefaults, readDefaults} from './folder-defaults.ts';
import type {Headed} from './found.ts';
import type {Gathered} from './gather.ts';
import {light} from './light.ts';
import {type Outcome, outcomeOf, type Surroundings} from './outcome.ts';
import type {ParseCache} from './parse-cache.ts';

/** What the documents mean one by one. */
export interface Understood {
  readonly desired: readonly Desired[];
  readonly secrets: readonly SecretDeclaration[];
  readonly checks: readonly Headed[];
  readonly diagnostics: readonly Diagnostic[];
  readonly claimed: readonly ResourceKey[];
  /** `Kind/name` and bare names of documents with errors: they exist, so nothing dangles. */
  readonly broken: ReadonlySet<string>;
  readonly valid: number;
}

/** What all documents of a revision mean, each by itself. */
export function* understand(gathered: Gathered, cache: ParseCache): Steps<Understood> {
  const {defaults, diagnostics} = readDefaults(gathered);
  const folders = new Map<string, Surroundings>();
  const others = gathered.documents.filter((headed) => !isDefaults(headed));
  const outcomes = yield* mapSteps(others, (headed) => {
    const folder = folderOf(headed.document.file);
    const around = folders.get(folder) ?? {
      kinds: gathered.kinds,
      defaults: defaultsFor(defaults, headed.document.file),
    };
    folders.set(folder, around);
    return cachedOutcome(headed, around, cache);
  });
  const {broken} = gathered;
  const names = broken.flatMap(({kind, name}) => (name === null ? [] : [name, `${kind}/${name}`]));
  return {
    desired: outcomes.flatMap(({desired}) => desired),
    secrets: outcomes.flatMap(({secrets}) => secrets),
    checks: outcomes.flatMap(({checks}) => checks),
    diagnostics: [
      ...gathered.diagnostics,
      ...diagnostics,
      ...outcomes.flatMap((outcome) => outcome.diagnostics),
    ],
    claimed: [...broken.flatMap(({keys}) => keys), ...outcomes.flatMap(({claimed}) => claimed)],
    broken: new Set([...names, ...outcomes.flatMap((outcome) => outcome.broken)]),
    valid: outcomes.filter(({valid}) => valid).length + defaults.filter(isGood).length,
  };
}

function isGood({usable}: FolderDefaults): boolean {
  return usable;
}

function cachedOutcome(headed: Headed, around: Surroundings, cache: ParseCache): Outcome {
  const known = cache.outcomes.get(headed);
  if (known !== undefined && sameDefaults(known.defaults, around.defaults)) return known.outcome;
  const whole = outcomeOf(headed, around);
  const again = () => latestOutcome(headed, around).desired;
  const desired = whole.desired.map((one, index) => light(one, {again, index}, cache.shared));
  const outcome = {...whole, desired};
  cache.outcomes.set(headed, {defaults: around.defaults, outcome});
  return outcome;
}

let latest: {
  readonly headed: Headed;
  readonly around: Surroundings;
  readonly outcome: Outcome;
} | null = null;

/** Whoever asks for one place of a document asks for others: one outcome is kept whole. */
function latestOutcome(headed: Headed, around: Surroundings): Outcome {
  if (latest?.headed !== headed || latest.around !== around) {
    latest = {headed, around, outcome: outcomeOf(headed, around)};
  }
  return latest.outcome;
}

function sameDefaults(a: readonly FolderDefaults[], b: readonly FolderDefaults[]): boolean {
  return (
    a.length === b.length &&
    a.every(({origin, usable}, index) => b[index]?.origin === origin && b[index].usable === usable)
  );
}
