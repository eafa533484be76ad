// Why this exists: a stop and start puts everything in force that waits for one, also what somebody
// else has written meanwhile; who approves the one is shown the other.
import type {Change} from '../../core/action.ts';
import type {Observed} from '../../core/model.ts';
import {activeOf, configuredOf, type LiveConfig} from '../guest/live-config.ts';
import {placeOfField} from './field-path.ts';
import type {Draft} from './step-draft.ts';

/** What comes into force by these calls besides the fields that they are about, for people. */
export function comesAlong(
  observed: Observed,
  drafts: readonly Draft[],
  changes: readonly Change[],
): readonly string[] {
  if (!drafts.some(({operation}) => operation === 'start')) return [];
  const [configured, active] = [configuredOf(observed), activeOf(observed)];
  const own = new Set(changes.map(({field}) => placeOfField(field).key));
  const keys = [...new Set([...configured.keys(), ...active.keys()])].toSorted();
  return keys
    .filter((key) => configured.get(key) !== active.get(key) && !own.has(key))
    .map((key) => `${key}: ${shown(active, key)} → ${shown(configured, key)}`);
}

function shown(config: LiveConfig, key: string): string {
  const value = config.get(key);
  if (value === undefined) return '(none)';
  return key === 'cipassword' ? '(secret)' : value;
}
