// Why this exists: after an import a person wants to know what was written, what was left out and
// why, and that the plan of it is empty.
import {join, relative} from 'node:path';
import type {Action} from '../../core/action.ts';
import type {Imported} from '../import/imported.ts';
import {countText, diagnosticsText} from './diagnostics-text.ts';
import {pad, type Style, safe, shownKey} from './style.ts';

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
    ...present.map((key) => `${style.dim('kept')} ${shownKey(key)}: a manifest names it already`),
    ...(check.diagnostics.length === 0 ? [] : ['', diagnosticsText(check.diagnostics, style)]),
    ...check.different.flatMap((action) => differenceLines(action, style)),
    '',
    summary(imported, style),
  ];
}

function differenceLines(action: Action, style: Style): readonly string[] {
  const {key, name, verb, changes, findings} = action;
  return [
    '',
    style.warn(`${shownKey(key)} ${safe(name)}: ${verb}`),
    ...changes.map(({field, shown}) => `    ${field}: ${safe(shown.from)} → ${safe(shown.to)}`),
    ...findings.map(({reason, detail}) => `    ${style.accent(reason)}: ${safe(detail)}`),
  ];
}

function summary({check, files, written}: Imported, style: Style): string {
  const adopt = check.empty.filter(({verb}) => verb === 'adopt').length;
  const wrong = check.different.length;
  const did = written === null ? 'checked' : 'imported';
  const guests = `${files.length} guest${files.length === 1 ? '' : 's'} ${did}`;
  const said = `${guests}: the plan changes nothing, ${adopt} to adopt`;
  if (wrong + check.diagnostics.length === 0) return style.good(`${said}.`);
  const mistakes = countText(check.diagnostics);
  const plan = wrong === 0 ? 'the plan changes nothing' : `the plan of ${wrong} is not empty`;
  const found = check.diagnostics.length === 0 ? '' : `; ${mistakes} to settle first, see above`;
  return style.bad(`${guests}: ${plan}${found}.`);
}
