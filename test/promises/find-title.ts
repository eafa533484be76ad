// Why this exists: a proof is a title in a file; whether it is still there is read from the text,
// so that a test that was renamed or taken away is missed at once.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Suite, Test} from './promise.ts';

const TOP = fileURLToPath(new URL('../..', import.meta.url));
const TEXTS = new Map<string, string>();

/** Why a proof is none; null: the test or script is there. */
export function missing(proof: Test | Suite): string | null {
  if ('script' in proof) {
    const scripts: unknown = JSON.parse(textOf('package.json') ?? '{}').scripts;
    const known = typeof scripts === 'object' && scripts !== null && proof.script in scripts;
    return known ? null : `there is no script ${proof.script}`;
  }
  const [file, title] = proof;
  const text = textOf(file);
  if (text === null) return `there is no file ${file}`;
  return isTitle(text, title) ? null : `${file} has no test "${title}"`;
}

/** The title stands as the first argument of a call, or as the title of a case of a table. */
export function isTitle(text: string, title: string): boolean {
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?:\\(|title:|\\[)\\s*(['"\`])${escaped}\\1`).test(text);
}

function textOf(file: string): string | null {
  const known = TEXTS.get(file);
  if (known !== undefined) return known;
  try {
    const text = readFileSync(join(TOP, file), 'utf8');
    TEXTS.set(file, text);
    return text;
  } catch {
    return null;
  }
}
