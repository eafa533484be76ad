// Why this exists: file, environment and flags become one frozen Config or the list of everything
// that is wrong with them, never half of each.
import {dirname} from 'node:path';
import {Ajv2020} from 'ajv/dist/2020.js';
import {diagnose} from '../core/diagnostic.ts';
import type {Json} from '../core/json.ts';
import type {Diagnostic} from '../core/model.ts';
import {CONFIG_CODES} from './codes.ts';
import {Placer, schemaMistakes} from './mistakes.ts';
import type {Config, Loaded, Setting} from './model.ts';
import {applyOverrides, type Override, readVariables} from './overrides.ts';
import {type ReadYaml, readYaml} from './read-yaml.ts';
import {refusals} from './refusals.ts';
import {CONFIG_SCHEMA} from './schema.ts';
import {isJsonObject, leaves, withDefaults} from './schema-walk.ts';
import {type RawConfig, settle} from './settle.ts';

/** What a configuration is made of. */
export interface ConfigInput {
  readonly text: string;
  /** Absolute path; relative paths in the file start at its folder. */
  readonly file: string;
  readonly environment: {readonly [name: string]: string | undefined};
  /** By path of keys, such as `['listen']`, from `--listen`. Flags win. */
  readonly flags?: readonly Override[];
}

/** Reads a configuration. Never throws for what stands in it. */
export function loadConfig(input: ConfigInput): Loaded {
  const yaml = readYaml(input.text, shortName(input.file));
  if (hasError(yaml.diagnostics)) return failed(yaml.diagnostics);
  if (!isJsonObject(yaml.value)) return failed([notAMap(yaml)]);
  const variables = readVariables(input.environment, yaml.value);
  const overrides = [...variables.overrides, ...(input.flags ?? [])];
  const {value, setBy} = applyOverrides(yaml.value, overrides);
  const placer = new Placer(yaml, setBy);
  const mistakes = [...variables.diagnostics, ...checkSchema(value, placer)];
  if (hasError(mistakes)) return failed(mistakes);
  const complete = withDefaults(CONFIG_SCHEMA, value) ?? {};
  // Safe: Ajv has checked the value against the schema that RawConfig mirrors, and every key that
  // is not optional there has a default or is required.
  const raw = complete as unknown as RawConfig;
  const all = [...mistakes, ...refusals(raw, placer)];
  if (hasError(all)) return failed(all);
  const config = settle(raw, dirname(input.file));
  return {config, settings: settingsOf(complete, placer), diagnostics: all};
}

const validate = new Ajv2020({allErrors: true, verbose: true, strict: true}).compile(CONFIG_SCHEMA);

function checkSchema(value: Json, placer: Placer): readonly Diagnostic[] {
  return validate(value) ? [] : schemaMistakes(validate.errors ?? [], value, placer);
}

function notAMap(yaml: ReadYaml): Diagnostic {
  const span = {start: 0, end: 1};
  return diagnose(CONFIG_CODES, 'config-not-a-map', {
    detail: 'The file holds a list or a text.',
    remedy: 'Write keys with values, beginning with `installation:`.',
    range: yaml.places.range(span),
    frame: yaml.places.frame(span),
  });
}

/** Names places and reveals nothing: the schema lets no secret in, only where it is. */
function settingsOf(complete: Json, placer: Placer): readonly Setting[] {
  return leaves(complete).map(([pointer, value]) => ({
    pointer,
    value: typeof value === 'string' ? value : JSON.stringify(value),
    from: placer.origin(pointer),
  }));
}

function shortName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

function hasError(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({severity}) => severity === 'error');
}

function failed(diagnostics: readonly Diagnostic[]): Loaded {
  return {config: null, settings: [], diagnostics};
}

/** Keys that are read once, at the start. */
const AT_START = ['data', 'listen', 'listenToken', 'tls'] as const;

/** What a reload gives: the configuration in force, and whether it is a new one. */
export interface Reloaded extends Omit<Loaded, 'config'> {
  readonly config: Config;
  readonly changed: boolean;
}

/**
 * Takes up a changed file while running. A bad one keeps the former configuration; another
 * installation is never taken up; what is read at the start only keeps its former value, with a
 * warning.
 */
export function reloadConfig(previous: Config, input: ConfigInput): Reloaded {
  const loaded = loadConfig(input);
  const {config, settings, diagnostics} = loaded;
  if (config === null) return {config: previous, changed: false, settings, diagnostics};
  if (config.installation !== previous.installation) {
    const moved = diagnose(CONFIG_CODES, 'config-installation-changed', {
      detail: `Every guest is marked with \`${previous.installation}\` and would be lost.`,
      remedy: 'Write the former name again.',
    });
    return {config: previous, changed: false, settings, diagnostics: [...diagnostics, moved]};
  }
  const late = AT_START.filter((key) => !isSame(config[key], previous[key]));
  const {data, listen, listenToken, tls} = previous;
  const kept: Config = Object.freeze({...config, data, listen, listenToken, tls});
  const warnings = late.map((key) =>
    diagnose(CONFIG_CODES, 'config-restart-needed', {
      severity: 'warning',
      detail: `\`${key}\` keeps its former value until then.`,
      remedy: 'Restart the controller.',
    }),
  );
  const changed = !isSame(kept, previous);
  return {config: kept, changed, settings, diagnostics: [...diagnostics, ...warnings]};
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
