// Why this exists: what a loop knows from one pass to the next; all of it can be lost.
import type {Plan} from '../core/action.ts';
import {createInventoryCache, type InventoryCache} from '../pve/inventory.ts';
import type {Followed} from './follow.ts';
import {History} from './history.ts';
import {newStrangers, type Strangers} from './strangers.ts';

/** What a loop keeps between its passes. */
export interface PassMemory {
  readonly followed: Map<string, Followed>;
  readonly history: History;
  readonly inventory: InventoryCache;
  /** Members of the sets of destructive actions that were shown, by set fingerprint. */
  readonly sets: Map<string, readonly string[]>;
  readonly strangers: Strangers;
  /** The last plan. */
  plan: Plan | null;
}

/** An empty memory, as after a start. */
export function newMemory(): PassMemory {
  return {
    followed: new Map(),
    history: new History(),
    inventory: createInventoryCache(),
    sets: new Map(),
    strangers: newStrangers(),
    plan: null,
  };
}
