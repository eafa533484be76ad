// Why this exists: a bad input is a file or a folder below `cases`, or made by code; each is read
// as a revision, and what is told of it is compared with the text below `golden`.
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Kind} from '../../src/core/kind.ts';
import type {Diagnostic, Revision} from '../../src/core/model.ts';
import {kinds} from '../../src/kinds/index.ts';
import {countText, diagnosticText} from '../../src/manifest/print.ts';
import {readManifests} from '../../src/manifest/read.ts';
import {FAKE_GUEST} from '../builders/fake-kind.ts';
import {revisionOf} from '../builders/revision.ts';
import {CONFIG_CASES} from './config-cases.ts';
import {MADE} from './made-cases.ts';
import {PLAN_CASES} from './plan-cases.ts';
import {SAMPLE} from './sample-kind.ts';

/** The folder of the suite. */
export const HERE: string = fileURLToPath(new URL('.', import.meta.url));

const KINDS: readonly Kind[] = [SAMPLE, FAKE_GUEST, ...kinds];

/** The names of all cases, sorted. */
export function caseNames(): readonly string[] {
  const stored = readdirSync(join(HERE, 'cases')).map((name) => name.replace(/\.yaml$/, ''));
  const made = [MADE, CONFIG_CASES, PLAN_CASES].flatMap((cases) => Object.keys(cases));
  return [...stored, ...made].sort();
}

/** What is told of a case. */
export function diagnosticsOf(name: string): readonly Diagnostic[] {
  const ready = CONFIG_CASES[name] ?? PLAN_CASES[name];
  if (ready !== undefined) return ready();
  return readManifests({revision: revisionFor(name), kinds: KINDS}).diagnostics;
}

/** The golden text of a case; of very many diagnostics only the first and the last. */
export function toldText(diagnostics: readonly Diagnostic[]): string {
  const texts = diagnostics.map(diagnosticText);
  const left = texts.length - SHOWN;
  const shown =
    left <= 0 ? texts : [...texts.slice(0, SHOWN), `… ${left} more, the last:`, texts.at(-1) ?? ''];
  return `${[...shown, countText(diagnostics)].join('\n\n')}\n`;
}

/** A golden file is read by a person. */
const SHOWN = 30;

function revisionFor(name: string): Revision {
  const made = MADE[name];
  if (made !== undefined) return made();
  const folder = join(HERE, 'cases', name);
  if (!readdirSync(join(HERE, 'cases')).includes(name)) {
    return revisionOf({[`${name}.yaml`]: readFileSync(`${folder}.yaml`)});
  }
  const files = readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
    .map((path) => [path, readFileSync(join(folder, path))] as const);
  return revisionOf(Object.fromEntries(files));
}
