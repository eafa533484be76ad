// Why this exists: after an import a person wants to know what was written, what was left out and
// why, and that the plan of it is empty.
import {join, relative} from 'node:path';
import type {Action} from '../../core/action.ts';
import {counted} from '../../core/shown.ts';
import type {Imported} from '../import/imported.ts';
import {countText, diagnosticsText} from './diagnostics-text.ts';
import {fill} from './fill.ts';
import {pad, type Style, safe, shownResource} from './style.ts';

/** Lines for the terminal; paths are shown from `cwd`. */
export function importLines(imported: Imported, cwd: string, style: Style): readonly string[] {
  const {files, taken, present, check, written, folder} = imported;
  const width = Math.max(0, ...files.map(({path}) => path.length));
  const shown = relative(cwd, folder) || '.';
  const state = (path: string): string => {
    if (written === null) return style.dim('would write');
    return written.includes(path) ? style.good('wrote') : style.warn('kept');
  };
  return [
    ...files.map(({path, guest, exported}) => {
      const count = exported.notes.length;
      const notes = count === 0 ? '' : style.dim(`  ${count} note${count === 1 ? '' : 's'}`);
      const id = `${guest.kind.idPrefix}/${guest.observed.key.split('/')[1]}`;
      const file = pad(safe(join(shown, path)), width + shown.length + 1);
      return `${state(path)} ${file}  ${id}${notes}`;
    }),
    ...taken.skipped.map(({id, name, because, failed}) => {
      const paint = failed ? style.bad : style.dim;
      return `${paint('skipped')} ${id} ${safe(name ?? '')}: ${safe(because)}`;
    }),
    ...presentLines(present, style),
    ...(check.diagnostics.length === 0 ? [] : ['', diagnosticsText(check.diagnostics, style)]),
    ...check.different.flatMap((action) => differenceLines(action, style)),
    '',
    summary(imported, style),
  ];
}

/** So many are named; after a first import there are as many as guests. */
const MOST_PRESENT = 5;

function presentLines(present: Imported['present'], style: Style): readonly string[] {
  if (present.length === 0) return [];
  const all = present.map(({key, name}) => shownResource(key, name));
  const more = all.length > MOST_PRESENT ? ` and ${all.length - MOST_PRESENT} more` : '';
  const says = ` ${all.slice(0, MOST_PRESENT).join(', ')}${more}: a manifest names them already`;
  return fill([{text: 'left alone', paint: style.dim}, {text: says}], {
    indent: 4,
    columns: style.columns,
  });
}

/** What to type next, on a terminal. */
export function importNextLines(imported: Imported, style: Style): readonly string[] {
  const {check, written, files} = imported;
  if (check.different.length + check.diagnostics.length > 0 || files.length === 0) return [];
  const next =
    written === null
      ? ['pvegit import writes these files']
      : ['Look at the files and commit them.', 'pvegit plan, then pvegit apply adopts the guests'];
  return next.map((line) => `${style.accent('→')} ${line}`);
}

function differenceLines(action: Action, style: Style): readonly string[] {
  const {key, name, verb, changes, findings} = action;
  return [
    '',
    style.warn(`${shownResource(key, name)}: ${verb}`),
    ...changes.map(({field, shown}) => `    ${field}: ${safe(shown.from)} → ${safe(shown.to)}`),
    ...findings.map(({reason, detail}) => `    ${style.accent(reason)}: ${safe(detail)}`),
  ];
}

function summary({check, files, written}: Imported, style: Style): string {
  const adopt = check.empty.filter(({verb}) => verb === 'adopt').length;
  const wrong = check.different.length;
  const did = written === null ? 'checked' : 'imported';
  const guests = `${counted(files.length, 'guest')} ${did}`;
  const said = `${guests}: the plan changes nothing, ${adopt} to adopt`;
  if (wrong + check.diagnostics.length === 0) return style.good(`${said}.`);
  const mistakes = countText(check.diagnostics);
  const plan = wrong === 0 ? 'the plan changes nothing' : `the plan of ${wrong} is not empty`;
  const found = check.diagnostics.length === 0 ? '' : `; ${mistakes} to settle first, see above`;
  return style.bad(`${guests}: ${plan}${found}.`);
}
