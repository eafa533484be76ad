// Why this exists: before a guest is interrupted or destroyed, what it was is kept (safety.md 3.9),
// so that a wrong reset never destroys the evidence.
import type {Action} from '../core/action.ts';
import type {JsonObject} from '../core/json.ts';
import type {ResourceKind} from '../core/kind.ts';
import type {Inventory, Read} from '../core/model.ts';
import {err, type Result} from '../core/result.ts';
import type {ApplyContext} from './context.ts';
import {readNow} from './observe.ts';

/** Captures the state of an action's guest; the value is where it lies. */
export async function captureEvidence(
  context: ApplyContext,
  kind: ResourceKind,
  action: Action,
  signal: AbortSignal,
): Promise<Result<string, {readonly message: string}>> {
  const subject = {key: action.key, vmid: action.vmid, node: action.node};
  const inventory = await readNow(context, kind, subject, signal);
  const missing = unread(inventory);
  if (missing !== null) return err({message: missing});
  const tasks = await recentTasks(context, action, signal);
  const content: JsonObject = {
    cluster: context.cluster,
    key: action.key,
    fingerprint: action.fingerprint,
    verb: action.verb,
    takenAt: inventory.takenAt,
    facts: action.facts,
    reads: Object.fromEntries(
      Object.values(inventory.reads)
        .filter((read) => !read.path.startsWith('/cluster/resources'))
        .map((read) => [read.path, answerOf(read)]),
    ),
    tasks,
  };
  const name = `${inventory.takenAt}-${action.key.replaceAll('/', '-')}-${action.verb}`;
  return context.evidence.save(name, content);
}

/** What of the guest itself could not be read, and why. */
function unread({reads}: Inventory): string | null {
  for (const {path, outcome} of Object.values(reads)) {
    if (!outcome.ok) return `${path}: ${outcome.error.message}`;
  }
  return null;
}

function answerOf(read: Read): JsonObject {
  if (read.outcome.ok) return {data: read.outcome.data};
  return {error: read.outcome.error.message};
}

async function recentTasks(
  context: ApplyContext,
  action: Action,
  signal: AbortSignal,
): Promise<JsonObject> {
  if (action.node === null || action.vmid === null) return {};
  const path = `/nodes/${action.node}/tasks?vmid=${action.vmid}&source=all&limit=20`;
  const answer = await context.pve.read(path, {signal});
  return answer.ok ? {data: answer.value} : {error: answer.error.message};
}
