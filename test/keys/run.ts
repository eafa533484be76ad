// Why this exists: `npm run test:keys`: every edit of every key in every mode; the last line says
// how many, and the exit code whether all held. An argument keeps to the keys that contain it.
import {KEY_EDITS, MODES} from './all-edits.ts';
import {titleOf} from './key-edit.ts';
import {checkRefused, REFUSED_KEYS} from './refused.ts';
import {runEdit} from './run-edit.ts';
import {runSpelling} from './run-spelling.ts';
import {SPELLINGS} from './spellings.ts';
import {MORE_SPELLINGS} from './spellings-more.ts';

const only = process.argv[2] ?? '';
const keys = new Set<string>();
let edits = 0;
let failures = 0;
for (const edit of KEY_EDITS) {
  if (!titleOf(edit).includes(only)) continue;
  keys.add(edit.key);
  for (const mode of MODES) {
    const wrong = await runEdit(edit, mode).catch((error: unknown) => [String(error)]);
    count(`${titleOf(edit)} (${mode})`, wrong);
  }
}
for (const refused of REFUSED_KEYS) {
  if (!refused.key.includes(only)) continue;
  keys.add(refused.key);
  count(`${refused.key} (refused)`, checkRefused(refused));
}
for (const spelling of [...SPELLINGS, ...MORE_SPELLINGS]) {
  if (!spelling.title.includes(only)) continue;
  count(`spelling of ${spelling.title}`, await runSpelling(spelling));
}
console.log(`keys: ${keys.size}, edits: ${edits}, failures: ${failures}`);
process.exitCode = failures === 0 ? 0 : 1;

function count(title: string, wrong: readonly string[]): void {
  edits += 1;
  if (wrong.length === 0) return;
  failures += 1;
  console.log(`${title}: ${wrong.join('; ')}`);
}
