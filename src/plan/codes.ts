// Why this exists: each mistake that only the plan can see has one sentence; a test walks the
// table.
import type {CodeTable} from '../core/diagnostic.ts';

/** Codes of the plan's own diagnostics; kinds add theirs. */
export const PLAN_CODES = {
  'plan-claimed-twice': 'Two sources claim the same thing',
  'plan-kind-changed': 'A VMID cannot change its kind',
  'plan-unknown-kind': 'This version does not know a kind that is in use',
  'plan-dependency-cycle': 'Resources depend on each other in a circle',
  'plan-field-released': 'A field is no longer managed',
  'plan-secret-unread': 'A secret could not be read',
} as const satisfies CodeTable;
