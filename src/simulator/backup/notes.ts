// Why this exists: notes of a backup come from a template with four variables and two escapes.
import {paramError} from '../failure.ts';
import type {Guest} from '../state.ts';

const variables = new Set(['cluster', 'guestname', 'node', 'vmid']);

/** Refuse a template with an unknown variable or escape, as the call does. */
export function checkNotes(template = ''): void {
  const problem = notesProblem(template);
  if (problem !== undefined) {
    paramError({'notes-template': `${problem}\n`});
  }
}

/** What is wrong with a template; undefined when nothing is. */
export function notesProblem(template: string): string | undefined {
  if (template.includes('\n')) return 'contains a line feed';
  const escapes = [...template.matchAll(/\\(.)/g)]
    .filter(([, char = '']) => char !== 'n' && char !== '\\')
    .map(({0: text, index}) => `escape sequence '${text}' at char ${index}`);
  const names = [...template.matchAll(/\{\{([^\s{}]+)\}\}/g)]
    .filter(([, name = '']) => !variables.has(name))
    .map(({1: name, index}) => `variable '${name}' at char ${index + 4}`);
  const all = [...escapes, ...names];
  return all.length === 0 ? undefined : `found unknown: ${all.join(', ')}`;
}

/** The notes of a backup. A node alone is a cluster of no name. */
export function fillNotes(
  template: string,
  facts: {readonly guest: Guest; readonly node: string},
): string {
  const {guest, node} = facts;
  const values: Readonly<Record<string, string>> = {
    cluster: 'standalone node',
    guestname: nameOf(guest),
    node,
    vmid: String(guest.vmid),
  };
  return template
    .replaceAll('\\n', '\n')
    .replaceAll('\\\\', '\\')
    .replace(/\{\{([^}]*)\}\}/g, (_, name: string) => values[name] ?? '');
}

function nameOf(guest: Guest): string {
  return guest.kind === 'qemu'
    ? (guest.config.get('name') ?? `VM ${guest.vmid}`)
    : (guest.config.get('hostname') ?? `CT${guest.vmid}`);
}
