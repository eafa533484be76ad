// Why this exists: what people ask through the command line is a row in the journal; it is taken up
// at the beginning of a pass.
import {unreachable} from '../core/assert.ts';
import type {PersonRequest} from '../core/ports.ts';
import {forgetAdoption, keepAdoption} from '../journal/adoptions.ts';
import {forgetRelease, keepRelease} from '../journal/releases.ts';
import {keepRetry} from '../journal/retries.ts';
import {keepApproval} from './approvals.ts';
import {acceptName} from './follow.ts';
import type {PassMemory} from './memory.ts';
import type {ClusterParts} from './parts.ts';

/** Who is asked. */
type Asked = Pick<ClusterParts, 'cluster' | 'journal' | 'applier'>;

/** Takes up the requests that concern this cluster; none is lost if that fails in between. */
export function takeRequests(parts: Asked, memory: PassMemory): void {
  const {cluster, journal} = parts;
  journal.takeRequests(cluster, (request) => takeRequest(parts, memory, request));
}

function takeRequest(parts: Asked, memory: PassMemory, request: PersonRequest): void {
  const {journal} = parts;
  switch (request.kind) {
    case 'adopt':
      keepAdoption(journal, request.cluster, request.key);
      forgetRelease(journal, request.cluster, request.key);
      return;
    case 'approve':
      keepApproval(journal, request.cluster, request.approval);
      return;
    case 'release':
      keepRelease(journal, request.cluster, request.key);
      forgetAdoption(journal, request.cluster, request.key);
      return;
    case 'retry':
      memory.history.retry(request.key);
      keepRetry(journal, request.cluster, request.key);
      parts.applier?.hurry(request.key, journal.unfinished(request.cluster));
      return;
    case 'resolve': {
      // Only what is still open can be resolved: what has its outcome keeps it.
      const known = journal.intent(request.intent);
      if (known?.state !== 'open' && known?.state !== 'unknown') return;
      const state = request.outcome === 'done' ? 'done' : 'interrupted';
      journal.closeIntent(request.intent, state, 'resolved by a person');
      parts.applier?.hurry(known.key, journal.unfinished(parts.cluster));
      return;
    }
    case 'source-accept':
      journal.setValue(acceptName(request.source), request.commit);
      return;
    case 'journal-accept':
      journal.accept();
      return;
    default:
      unreachable(request, 'request');
  }
}
