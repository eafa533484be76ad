// Why this exists: a privilege that is missing shows itself late, as a guest that is not listed or
// a call that fails in the night. Here it shows before, with the command that grants it.
import type {ResourceKind} from '../../core/kind.ts';
import type {Desired, Inventory} from '../../core/model.ts';
import type {Pve} from '../../core/ports.ts';
import {encodePart} from '../../core/read-path.ts';
import {API_RELEASES, type ApiRelease} from '../../pve/api/methods.ts';
import type {Rehearsal} from '../rehearse/calls.ts';
import {type DoctorFinding, finding, good} from './finding.ts';
import {type Held, heldOf, missingOf, type Needed, neededOf} from './needed.ts';
import {pveumLines, type Subject} from './pveum.ts';

/** What the privileges are judged by. */
export interface PrivilegeRequest {
  readonly pve: Pick<Pve, 'read'>;
  /** `user@realm!token` */
  readonly token: string;
  readonly rehearsal: Rehearsal;
  readonly inventory: Inventory;
  readonly desired: readonly Desired[];
  readonly kinds: readonly ResourceKind[];
  readonly release: ApiRelease;
  readonly signal: AbortSignal;
}

/** Compares what the repository needs with what user and token have. */
export async function checkPrivileges(
  request: PrivilegeRequest,
): Promise<readonly DoctorFinding[]> {
  const {pve, token, signal, release} = request;
  const user = token.split('!')[0] ?? token;
  const own = await pve.read('/access/permissions', {signal});
  const held = own.ok ? heldOf(own.value) : null;
  if (held === null) {
    const says = own.ok ? 'the answer is of another form' : own.error.message;
    return [finding('bad', 'privileges', `what the token may do could not be read: ${says}`)];
  }
  const asked = await pve.read(`/access/permissions?userid=${encodePart(user)}`, {signal});
  const users = asked.ok ? heldOf(asked.value) : null;
  const needed = neededOf({...request, release});
  const missing = missingOf(needed, held);
  const calls = request.rehearsal.calls.length;
  if (missing.length === 0) {
    const says = `the token has the ${needed.length} that this repository needs (${calls} calls)`;
    return [good('privileges', says)];
  }
  const lines = byRelease(request, held, {user, token});
  return [
    ...missing.map((one) => missingFinding(one, users, {user, token})),
    finding('bad', 'privileges', `${missing.length} of ${needed.length} are missing`, ...lines),
  ];
}

function missingFinding(need: Needed, users: Held | null, subject: Subject): DoctorFinding {
  const [first] = need.anyOf;
  const names = need.anyOf.map(({path, privilege}) => `${privilege} on ${path}`).join(' or ');
  const what = `privilege ${first?.path ?? '/'}`;
  const who = whoLacks(need, users, subject);
  return finding('bad', what, `${who} ${names}`, `For: ${need.because.join('; ')}`);
}

/** A token with privileges of its own may do what both it and its user may. */
function whoLacks(need: Needed, users: Held | null, {user, token}: Subject): string {
  if (users === null) return `${token}, or its user (which may not be asked), lacks`;
  return missingOf([need], users).length > 0
    ? `${user} itself, and so its token, lacks`
    : `${token} lacks, though its user has,`;
}

/** The commands, once if they are the same for both releases. */
function byRelease(request: PrivilegeRequest, held: Held, subject: Subject): readonly string[] {
  const texts = API_RELEASES.map((release) =>
    pveumLines(neededOf({...request, release}), held, subject),
  );
  const note =
    '# Exactly what is needed; an entry replaces what its subject inherits on that path.';
  const [older = [], newer = []] = texts;
  if (older.join('\n') === newer.join('\n')) return ['# Proxmox VE 8.4 and 9.x', note, ...older];
  return ['# Proxmox VE 8.4', note, ...older, '# Proxmox VE 9.x', note, ...newer];
}
