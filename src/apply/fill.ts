// Why this exists: the plan holds references to secrets and to "the digest of the last read"; they
// become text here, right before the call leaves, and nowhere else.
import type {ApiCall} from '../core/model.ts';
import type {Secrets, WriteCall} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';

/** Replaces every reference; fails when a secret cannot be read or no digest is known. */
export async function fillCall(
  call: ApiCall,
  source: string,
  secrets: Secrets,
  digests: {readonly own: string | null; readonly other: string | null},
): Promise<Result<WriteCall, {readonly message: string}>> {
  const params: {[name: string]: string | number} = {};
  for (const [name, value] of Object.entries(call.params)) {
    if (typeof value === 'string' || typeof value === 'number') {
      params[name] = value;
    } else if ('from' in value) {
      const digest = value.from === 'digest' ? digests.own : digests.other;
      if (digest === null) return err({message: 'no digest is known for this guest'});
      params[name] = digest;
    } else {
      const revealed = await secrets.reveal(source, value.secretRef);
      if (!revealed.ok) return revealed;
      params[name] = revealed.value;
    }
  }
  return ok({method: call.method, path: call.path, params});
}
