// Why this exists: a sabotage is an edit of the program as it is; where the program has changed, a
// long run would end in the middle, and say so only there.
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {expect, it} from 'vitest';
import {MUTATIONS} from './mutations.ts';
import {SABOTAGES} from './sabotages.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EDITS = [
  ...MUTATIONS.map(({what, edit}) => ({what, edit})),
  ...SABOTAGES.flatMap(({what, edits}) => edits.map((edit) => ({what, edit}))),
];

it.each(EDITS)('what is sabotaged stands once in its file: $what', ({edit}) => {
  const times = readFileSync(`${ROOT}${edit.file}`, 'utf8').split(edit.from).length - 1;
  expect(times, `${edit.file}: ${edit.from}`).toBe(1);
});
