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
  const asking = await askedAgain(request, needed, held);
  const missing = missingOf(needed, asking);
  const calls = request.rehearsal.calls.length;
  if (missing.length === 0) {
    const says = `the token has the ${needed.length} that this repository needs (${calls} calls)`;
    return [good('privileges', says)];
  }
  const lines = byRelease(request, asking, {user, users, token});
  return [
    ...missing.map((one) => missingFinding(one, {user, users, token})),
    finding('bad', 'privileges', `${missing.length} of ${needed.length} are missing`, ...lines),
  ];
}

/** Paths that seem to lack something are asked one by one: a pool may grant on its members. */
async function askedAgain(
  {pve, signal}: PrivilegeRequest,
  needed: readonly Needed[],
  held: Held,
): Promise<Held> {
  const paths = missingOf(needed, held).flatMap(({anyOf}) => anyOf.map(({path}) => path));
  const found = new Map(held);
  for (const path of [...new Set(paths)].slice(0, MOST_ASKED)) {
    const answer = await pve.read(`/access/permissions?path=${encodePart(path)}`, {signal});
    const here = answer.ok ? heldOf(answer.value)?.get(path) : undefined;
    if (here !== undefined) found.set(path, here);
  }
  return found;
}

/** A token without any right asks for every path; the first few hundred tell enough. */
const MOST_ASKED = 300;

function missingFinding(need: Needed, subject: Subject): DoctorFinding {
  const [first] = need.anyOf;
  const names = need.anyOf.map(({path, privilege}) => `${privilege} on ${path}`).join(' or ');
  const what = `privilege ${first?.path ?? '/'}`;
  const who = whoLacks(need, subject);
  return finding('bad', what, `${who} ${names}`, `For: ${need.because.join('; ')}`);
}

/** A token with privileges of its own may do what both it and its user may. */
function whoLacks(need: Needed, {user, users, token}: Subject): string {
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
