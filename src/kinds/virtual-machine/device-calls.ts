// Why this exists: the calls for devices are gathered from several places before they get an order.
import type {Finding} from '../../core/action.ts';
import type {Desired, Observed, ResourceRecord} from '../../core/model.ts';
import type {GuestPlace} from './drafts.ts';
import type {Draft} from './step-draft.ts';

/** Calls for devices, by their place in the order within a guest. */
export interface DeviceSteps {
  readonly detach: Draft[];
  readonly rewrite: Draft[];
  readonly resize: Draft[];
  readonly attach: Draft[];
  readonly move: Draft[];
  /** Between the guest's stop and its start: what Proxmox refuses while it runs. */
  readonly cold: Draft[];
  readonly findings: Finding[];
  /** `unusedN` that volumes of this action will take. */
  readonly kept: Set<string>;
}

/** What the calls for one device are made from. */
export interface DeviceInput {
  readonly guest: GuestPlace;
  readonly observed: Observed;
  readonly desired: Desired | null;
  /** True when what is written stays pending until a stop and start. */
  readonly pending: boolean;
  /** Fields that Proxmox refuses to take while the guest runs. */
  readonly refused: readonly string[];
  readonly record: ResourceRecord | null;
}

/** Nothing yet. */
export function noDeviceSteps(): DeviceSteps {
  return {
    detach: [],
    rewrite: [],
    resize: [],
    attach: [],
    move: [],
    cold: [],
    findings: [],
    kept: new Set(),
  };
}
