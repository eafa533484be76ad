// Why this exists: what is looked at before a running guest is touched is there, missing, or not
// told; what was not asked yet is none of these, and never taken for one.
import type {Json} from '../../core/json.ts';
import {isObject} from '../../core/json.ts';
import type {Grant, Need} from '../../core/kind.ts';
import type {ApiCall, Inventory, PveError} from '../../core/model.ts';
import {encodePart} from '../../core/read-path.ts';

/** What is wrong with one thing that is needed; nothing is said of what is there. */
export type Look =
  | {readonly kind: 'missing'; readonly detail: string}
  | {readonly kind: 'untold'; readonly detail: string}
  | {readonly kind: 'unread'; readonly call: ApiCall};

/** The answer to one GET of a pass. */
export type Answer =
  | {readonly kind: 'told'; readonly data: Json}
  | {readonly kind: 'refused'; readonly error: PveError}
  | {readonly kind: 'unread'; readonly call: ApiCall};

/** What a pass knows of a path; it may carry a query. */
export function ask(path: string, inventory: Inventory): Answer {
  const read = inventory.reads[path];
  if (read === undefined) return {kind: 'unread', call: {method: 'GET', path, params: {}}};
  const {outcome} = read;
  return outcome.ok ? {kind: 'told', data: outcome.data} : {kind: 'refused', error: outcome.error};
}

/** Asked of what a filtered list does not show: it is missing, or it may only be hidden from us. */
export function unlessHidden(
  detail: string,
  needs: readonly Need[],
  inventory: Inventory,
): readonly Look[] {
  const unread = needs.flatMap(({anyOf}) => anyOf.flatMap((grant) => unreadOf(grant, inventory)));
  if (unread.length > 0) return unread;
  const isSeen = needs.every(({anyOf}) => anyOf.some((grant) => isHeld(grant, inventory)));
  return [{kind: isSeen ? 'missing' : 'untold', detail}];
}

function unreadOf({path}: Grant, inventory: Inventory): readonly Look[] {
  const answer = ask(permissionPath(path), inventory);
  return answer.kind === 'unread' ? [answer] : [];
}

/** Whether our token holds a privilege; false where that is not told. */
function isHeld({path, privilege}: Grant, inventory: Inventory): boolean {
  const answer = ask(permissionPath(path), inventory);
  if (answer.kind !== 'told' || !isObject(answer.data)) return false;
  const held = answer.data[path];
  return isObject(held) && Object.hasOwn(held, privilege);
}

function permissionPath(path: string): string {
  return `/access/permissions?path=${encodePart(path)}`;
}
