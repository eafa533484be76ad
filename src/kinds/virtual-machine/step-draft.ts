// Why this exists: what each call is about is decided in one place and how it is guarded in
// another: only the first write carries the plan's digest, each later one that of the read before
// it.
import type {Guard, Operation, Step} from '../../core/action.ts';
import type {JsonObject} from '../../core/json.ts';
import type {ApiCall, ApiParam, Body} from '../../core/model.ts';

/** One call before it is guarded. */
export interface Draft {
  readonly kind: 'call' | 'task';
  readonly operation: Operation;
  readonly says: string;
  readonly method: ApiCall['method'];
  readonly path: string;
  readonly params: {readonly [key: string]: ApiParam};
  /** True where Proxmox takes a digest. */
  readonly digest: boolean;
  readonly fields: readonly string[];
  readonly expect: Body;
  readonly timeoutMs: number;
  readonly target: JsonObject;
  /** The other guest that it writes to. */
  readonly other?: Guard['other'] & {};
  /** Run state after it; the former one when left out. */
  readonly leaves?: 'running' | 'stopped';
  /** Node after it; the former one when left out. */
  readonly moves?: string;
}

/** What the first step finds. */
export interface ChainStart {
  readonly vmid: number;
  readonly node: string;
  readonly state: 'absent' | 'ours' | 'unmarked';
  readonly witness: string | null;
  /** Null: the first write has no digest to carry, because nothing is there yet. */
  readonly digest: string | null;
  readonly power: 'running' | 'stopped' | null;
}

const MINUTE = 60_000;

/** How long to wait for what answers at once, short tasks, and copies of volumes. */
export const WAIT_MS = {call: MINUTE, short: 5 * MINUTE, copy: 180 * MINUTE} as const;

/** Guards drafts: each later one expects what those before it leave. */
export function chain(start: ChainStart, drafts: readonly Draft[]): readonly Step[] {
  const steps: Step[] = [];
  let {node, state, power} = start;
  for (const [index, draft] of drafts.entries()) {
    const first = index === 0;
    const digest = first ? start.digest : 'chain';
    const carried = digest === null ? undefined : first ? digest : ({from: 'digest'} as const);
    steps.push({
      kind: draft.kind,
      operation: draft.operation,
      says: draft.says,
      call: {
        method: draft.method,
        path: draft.path,
        params:
          draft.digest && carried !== undefined ? {...draft.params, digest: carried} : draft.params,
      },
      guard: {
        vmid: start.vmid,
        node,
        state,
        witness: start.witness,
        digest,
        power,
        ...(draft.other === undefined ? {} : {other: draft.other}),
      },
      fields: draft.fields,
      expect: draft.expect,
      timeoutMs: draft.timeoutMs,
      target: draft.target,
    });
    if (state !== 'ours') state = 'ours';
    if (start.state === 'absent' && first) power = 'stopped';
    power = draft.leaves ?? power;
    node = draft.moves ?? node;
  }
  return steps;
}
