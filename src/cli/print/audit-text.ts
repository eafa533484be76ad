// Why this exists: what was changed, by whose commit and leave, as one paragraph an entry: a line
// each where a program reads it.
import {isObject, type Json} from '../../core/json.ts';
import type {AuditEntry} from '../../core/ports.ts';
import {shownCommit} from '../../core/shown.ts';
import {brief} from './action-text.ts';
import {fill} from './fill.ts';
import {type Style, safe, shownResource, shownTime} from './style.ts';

/** So many fields are named; the rest is counted. */
const MOST_FIELDS = 6;

/** One entry; `name` where the resource's is known. */
export function auditLines(
  entry: AuditEntry,
  name: string | undefined,
  style: Style,
): readonly string[] {
  const {at, cluster, key, what, result, commit, author, approver, fingerprint} = entry;
  const by = author === null ? '' : ` by ${safe(author)}`;
  const leave = approver === null ? '' : `, approved by ${safe(approver)}`;
  const rest = [
    ...changed(entry),
    `commit ${commit === null ? '–' : shownCommit(commit)}${by}${leave}`,
  ];
  return fill(
    [
      {text: shownTime(at), paint: style.dim},
      {text: `  ${safe(cluster)} ${shownResource(key, name)}`, paint: style.bold},
      {text: `  ${safe(what)} ${safe(result)}`, paint: result === 'done' ? style.good : style.bad},
      ...rest.map((text) => ({text: `  ${text}`})),
      ...(fingerprint === null ? [] : [{text: ` ${fingerprint.slice(0, 16)}`, paint: style.dim}]),
    ],
    {indent: 4, columns: style.columns},
  );
}

/** `tags by-hand → projects, web`: what is named on both sides. */
function changed({before, after}: AuditEntry): readonly string[] {
  if (!isObject(before) || !isObject(after)) return [];
  const fields = Object.keys(after).filter((field) => Object.hasOwn(before, field));
  const said = fields.slice(0, MOST_FIELDS).map((field) => {
    return `${safe(field)} ${value(before[field])} → ${value(after[field])}`;
  });
  const left = fields.length - said.length;
  return left > 0 ? [...said, `and ${left} more`] : said;
}

function value(one: Json | undefined): string {
  return brief(typeof one === 'string' ? one : JSON.stringify(one ?? null));
}
