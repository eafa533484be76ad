// Why this exists: one place says of every failure whether asking again can help, and when. Whether
// a call MAY be repeated is another question, answered by the client: a write never, unless it
// provably did not leave.
import type {PveError} from '../core/model.ts';

/**
 * now: the same call may work a moment later, or on another endpoint. later: something must change
 * first, in the cluster or by a new plan, so the next pass or the back-off of the resource decides.
 * never: the call itself is wrong or was given up.
 */
export function retryOf(error: PveError): 'now' | 'later' | 'never' {
  switch (error.kind) {
    case 'connection':
    case 'no-answer':
    case 'node-unreachable':
    case 'lock-timeout':
      return 'now';
    case 'unauthorised':
    case 'forbidden':
    case 'missing':
    case 'exists':
    case 'locked':
    case 'digest':
    case 'protected':
    case 'running':
    case 'not-running':
    case 'in-use':
    case 'no-quorum':
    case 'tls':
    case 'storage':
    case 'bad-answer':
    case 'server':
      return 'later';
    case 'parameter':
    case 'not-implemented':
    case 'cancelled':
      return 'never';
  }
}
