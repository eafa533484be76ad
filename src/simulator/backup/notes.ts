// Why this exists: notes of a backup come from a template with four variables and two escapes.
import {paramError} from '../failure.ts';
import type {Guest} from '../state.ts';

const variables = new Set(['cluster', 'guestname', 'node', 'vmid']);

/** Refuse a template with an unknown variable, as the call does. */
export function checkNotes(template: string | undefined): void {
  for (const match of (template ?? '').matchAll(/\{\{([^}]*)\}\}/g)) {
    const name = match[1] ?? '';
    if (!variables.has(name)) {
      const place = match.index + 4;
      paramError({'notes-template': `found unknown: variable '${name}' at char ${place}\n`});
    }
  }
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
