// Why this exists: who meets a pause wants to know whose it is, why, and how it ends.
import type {Suspension} from '../../core/ports.ts';
import {resumeCommand} from '../../core/suspension.ts';
import {remedyLines} from './action-text.ts';
import {fill} from './fill.ts';
import {type Style, safe, shownResource, shownTime} from './style.ts';

/** A pause, and the command that ends it; `name` where the resource's is known. */
export function suspensionLines(
  pause: Suspension,
  name: string | undefined,
  indent: number,
  style: Style,
): readonly string[] {
  const {key, reason, owner, expiresAt} = pause;
  const until = expiresAt === null ? '' : ` until ${shownTime(expiresAt)}`;
  const what = key === '*' ? 'the whole cluster' : shownResource(key, name);
  const says = ` ${what} by ${safe(owner)}${until}: ${safe(reason)}`;
  return [
    ...fill([{text: `${' '.repeat(indent)}suspended`, paint: style.accent}, {text: says}], {
      indent: indent + 2,
      columns: style.columns,
    }),
    ...remedyLines(resumeCommand(pause), indent + 2, style),
  ];
}
