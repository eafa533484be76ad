// Why this exists: `config:` takes the keys that have no field, with the meaning that Proxmox gives
// them; a packed key is taken apart, so that each sub-key is a field of its own.
import {isObject} from '../../core/json.ts';
import {suggest} from '../../core/suggest.ts';
import type {KeyFacts} from '../guest/facts.ts';
import {isPacked, parseProperties} from '../guest/property-string.ts';
import {configKeys, configSubKeys, holdsIdentity, judgeConfigKey} from './config-key.ts';
import {addMistake, type Mistakes, pointerOf} from './mistakes.ts';
import {quoted} from './quoted.ts';
import {type ReadFields, readField} from './read-spec.ts';

/** Reads everything under `config:` into the fields. */
export function readConfig(fields: ReadFields, config: unknown, mistakes: Mistakes): void {
  if (!isObject(config)) return;
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue;
    const pointer = pointerOf('config', key);
    const judged = judgeConfigKey(key);
    switch (judged.kind) {
      case 'allowed':
        readKey(fields, key, value, judged.known.facts, mistakes);
        break;
      case 'field': {
        const detail = `config.${key} is written as ${judged.field}.`;
        addMistake(mistakes, 'vm-config-field', pointer, {
          detail,
          remedy: `Write it as ${judged.field}.`,
        });
        break;
      }
      case 'refused': {
        const detail = `config.${key}: ${judged.because}.`;
        addMistake(mistakes, 'vm-config-refused', pointer, {detail, remedy: 'Delete it.'});
        break;
      }
      case 'unknown': {
        const suggestion = suggest(key, configNames());
        addMistake(mistakes, 'vm-config-unknown', pointer, {
          detail: `There is no key ${quoted(key)} in Proxmox VE 8.4 to 9.1.`,
          remedy: 'Write a configuration key of Proxmox, or delete it.',
          ...(suggestion === undefined ? {} : {suggestion}),
        });
        break;
      }
    }
  }
}

function readKey(
  fields: ReadFields,
  key: string,
  value: unknown,
  facts: KeyFacts,
  mistakes: Mistakes,
): void {
  const pointer = pointerOf('config', key);
  if (value === null && holdsIdentity(key)) {
    // Only what may be managed goes: without its UUID the guest would be nobody's.
    for (const sub of configSubKeys(key, facts)) {
      readField(fields, ['config', key, sub], null, mistakes, pointer);
    }
    return;
  }
  if (!isPacked(facts) || value === null) {
    readField(fields, ['config', key], value, mistakes, pointer);
    return;
  }
  const parts = subKeys(value, facts);
  if (parts === null) {
    const detail = `config.${key} is ${quoted(value)}; expected text or a map of sub-keys.`;
    addMistake(mistakes, 'vm-value', pointer, {detail, remedy: 'Write it as Proxmox shows it.'});
    return;
  }
  const known = configSubKeys(key, facts);
  for (const [sub, part] of parts) {
    if (part === undefined) continue;
    if (known.includes(sub)) {
      readField(fields, ['config', key, sub], part, mistakes, pointer);
      continue;
    }
    if (holdsIdentity(key) && sub === 'uuid') {
      const detail = 'config.smbios1.uuid tells one guest from another; pvegit never changes it.';
      addMistake(mistakes, 'vm-config-uuid', pointer, {detail, remedy: 'Delete it.'});
      continue;
    }
    const suggestion = suggest(sub, known);
    const list = known.join(', ');
    const detail = `config.${key} has no sub-key ${quoted(sub)}; known: ${list}.`;
    const help = suggestion === undefined ? {} : {suggestion};
    addMistake(mistakes, 'vm-config-sub-key', pointer, {detail, remedy: 'Delete it.', ...help});
  }
}

/** Sub-keys of a text as Proxmox shows it, or of a map. */
function subKeys(value: unknown, facts: KeyFacts): Iterable<readonly [string, unknown]> | null {
  if (typeof value === 'string') return parseProperties(value, facts);
  if (typeof value === 'number') return parseProperties(String(value), facts);
  if (typeof value === 'boolean') return parseProperties(value ? '1' : '0', facts);
  return isObject(value) ? Object.entries(value) : null;
}

function configNames(): readonly string[] {
  return configKeys().map(([key]) => key);
}
