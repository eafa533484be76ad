// Why this exists: Proxmox answers nearly every refusal with 500 and a text, so what happened is
// known from the text alone. The texts are data, with their source: facts.md section 3 (table),
// sections 4, 6, 7, and the recordings; the order matters, the first match counts.
import type {PveError} from '../core/model.ts';

/** One text and what it means; `also400`: looked for in the texts of a 400's parameters too. */
export interface ErrorText {
  readonly pattern: RegExp;
  readonly kind: PveError['kind'];
  readonly also400?: true;
}

/** In the order in which they are tried. */
export const ERROR_TEXTS: readonly ErrorText[] = [
  // A name that does not resolve says nothing about what lives there: never "missing".
  {pattern: /hostname lookup '.*' failed/, kind: 'node-unreachable'},
  {pattern: /(?:VM|CT) is locked \(/, kind: 'locked'},
  {pattern: /can't lock file .* - got timeout/, kind: 'lock-timeout'},
  {pattern: /got lock request timeout|-locked command timed out/, kind: 'lock-timeout'},
  {pattern: /Failed to obtain guest migration lock/, kind: 'lock-timeout'},
  {pattern: /no quorum/, kind: 'no-quorum'},
  // Without quorum the cluster file system is read-only.
  {pattern: /\/etc\/pve\/.*(?:Permission denied|Read-only)/, kind: 'no-quorum'},
  {pattern: /checksum mismatch \(file change by other user/, kind: 'digest'},
  {pattern: /detected modified configuration/, kind: 'digest'},
  {pattern: /protection mode enabled/, kind: 'protected'},
  {pattern: /can't update CT \d+ drive/, kind: 'protected'},
  {pattern: /used in HA resources|is used by|still in use|is not empty/, kind: 'in-use'},
  {pattern: /drive is already attached at|base volume .* is still in use/, kind: 'in-use'},
  {pattern: /is running - destroy failed|container is running/, kind: 'running'},
  {pattern: /(?:VM|CT) \d+ (?:is )?already running/, kind: 'running'},
  {pattern: /(?:VM|CT) \d+ (?:is )?not running/, kind: 'not-running'},
  {pattern: /pool '.*' does not exist/, kind: 'missing'},
  {
    pattern: /Permission check failed|[Oo]nly root can|only allowed for root@pam/,
    kind: 'forbidden',
  },
  {pattern: /proxy loop detected/, kind: 'node-unreachable'},
  {pattern: /storage '.*' (?:does not exist|is disabled|is not available)/, kind: 'storage'},
  {pattern: /No such storage/, kind: 'storage', also400: true},
  {pattern: /already exists|already defined/, kind: 'exists', also400: true},
  {pattern: /Configuration file '.*' does not exist/, kind: 'missing'},
  {pattern: /unable to find configuration file for (?:VM|CT) /, kind: 'missing'},
  {pattern: /no such task/, kind: 'missing', also400: true},
  {pattern: /invalid bootorder/, kind: 'parameter'},
  {pattern: /no such cluster node/, kind: 'parameter'},
  {
    pattern: /\bno such (?:alias|ipset|job|resource|security group|token|user|vzdump job)/,
    kind: 'missing',
  },
  {pattern: /(?:disk|resource|role|snapshot|user|volume) '.*' does not exist/, kind: 'missing'},
  {pattern: /no options specified|unable to parse (?:value|volume|directory)/, kind: 'parameter'},
  {pattern: /400 Parameter verification failed/, kind: 'parameter'},
];
