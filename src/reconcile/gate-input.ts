// Why this exists: everything that the gate judges by besides the plan, gathered from the journal,
// the applier and the memory of earlier passes.
import type {Approval, Plan} from '../core/action.ts';
import type {Inventory, ResourceKey, Risk} from '../core/model.ts';
import type {Policy} from '../core/policy.ts';
import type {Report} from '../core/report.ts';
import {windowsAt} from '../core/windows.ts';
import type {GateInput} from '../gate/input.ts';
import {longestDurations} from '../journal/durations.ts';
import {keptApprovals} from './approvals.ts';
import type {PassMemory} from './memory.ts';
import type {ClusterParts} from './parts.ts';
import {underWay, writtenNow} from './under-way.ts';

/** What this pass found out. */
export interface PassFacts {
  readonly plan: Plan;
  readonly inventory: Inventory;
  readonly quorate: boolean | null;
  /** Guests whose newest stop task is another user's. */
  readonly foreignStops: ReadonlySet<ResourceKey>;
}

/** A node whose clock is further off than this makes times unreliable (safety.md 3.12). */
const CLOCK_OFF_MS = 60_000;

/** Makes the gate's input. */
export function gateInput(parts: ClusterParts, memory: PassMemory, facts: PassFacts): GateInput {
  const {cluster, journal, policy, limits} = parts;
  const {plan} = facts;
  const now = parts.clock.now();
  const approvals = [...parts.approvals(), ...keptApprovals(parts, now)];
  const inFlight = parts.applier?.inFlight() ?? new Map();
  const applying = new Set(underWay(parts, now).map(({key}) => key));
  return {
    plan,
    policy,
    scopes: scopesOf(parts.sources),
    approvals,
    spent: spentOf(parts, approvals),
    sets: setsShown(memory, plan),
    authors: {},
    suspensions: journal.suspensions(cluster),
    self: parts.selfVmid === null ? null : {cluster, vmid: parts.selfVmid},
    selfUuid: parts.selfUuid,
    now,
    clockOff: clockOff(facts.inventory),
    quorate: facts.quorate,
    applying: writtenNow(parts, now),
    unknown: unknownOf(parts, applying),
    corrections: Object.fromEntries(memory.history.corrections(now)),
    driftSince: memory.history.driftSince(plan, now),
    foreignStops: facts.foreignStops,
    stranger: null,
    breakglass: new Set(),
    backoffs: memory.history.backoffs(now),
    evidenceMissing: memory.history.evidenceMissing(now),
    running: loadsOf([...inFlight.values()].flatMap(({action}) => action.loads)),
    limits,
    windows: {
      benign: windowsAt(policy.windows, 'benign', now),
      disruptive: windowsAt(policy.windows, 'disruptive', now),
      destructive: windowsAt(policy.windows, 'destructive', now),
    },
    ...(policy.windows.length > 0 ? {took: longestDurations(journal, cluster)} : {}),
    journalBirth: journal.birth,
  };
}

/** What each source may touch, by its name. */
export function scopesOf(sources: ClusterParts['sources']): GateInput['scopes'] {
  return Object.fromEntries(sources.map(({source, scope}) => [source.name, scope]));
}

/** Whether the calendar lets each class run at `now`, as the gate judges by it. */
export function openWindows(policy: Policy, now: number): Report['windows'] {
  const isOpen = (risk: Risk, mode: string): boolean => {
    const {allowed, denied} = windowsAt(policy.windows, risk, now);
    return !denied && (allowed || mode !== 'window');
  };
  return {
    benign: isOpen('benign', policy.benign),
    disruptive: isOpen('disruptive', policy.disruptive),
    destructive: isOpen('destructive', policy.destructive.kind),
  };
}

function spentOf(parts: ClusterParts, approvals: readonly Approval[]): ReadonlySet<string> {
  return new Set(approvals.map(({id}) => id).filter((id) => parts.journal.isSpent(id)));
}

/** How many sets are remembered: one a plan, and a person approves one of the newest. */
const MOST_SETS = 50;

function setsShown(memory: PassMemory, plan: Plan): GateInput['sets'] {
  if (plan.setFingerprint !== null) {
    const destructive = plan.actions.filter(({risk}) => risk === 'destructive');
    memory.sets.set(
      plan.setFingerprint,
      destructive.map(({fingerprint}) => fingerprint),
    );
    const [oldest] = memory.sets.keys();
    if (memory.sets.size > MOST_SETS && oldest !== undefined) memory.sets.delete(oldest);
  }
  return Object.fromEntries(memory.sets);
}

function unknownOf(
  parts: ClusterParts,
  inFlight: ReadonlySet<ResourceKey>,
): {readonly [key: ResourceKey]: string} {
  const unfinished = parts.journal.unfinished(parts.cluster);
  const open = unfinished.filter(
    ({key, state}) => state !== 'failed' && state !== 'interrupted' && !inFlight.has(key),
  );
  const paused = parts.applier?.paused() ?? new Map<ResourceKey, string>();
  return Object.fromEntries(
    open.flatMap(({key, id, step, state, because}) => {
      const waits = paused.get(key) ?? 'it goes on from there';
      const says = state === 'done' ? `is done; ${waits}` : because || 'not resolved yet';
      const detail = `intent ${id} (${step.says}): ${says}`;
      const {other} = step.guard;
      // Who takes a volume over is written to as well, until it is known that nothing runs.
      const isOpen = state !== 'done' && other !== undefined;
      return isOpen ? [[other.key, detail] as const, [key, detail]] : [[key, detail] as const];
    }),
  );
}

/** Why our clock cannot be relied on: it is far from that of every node. Null: it can. */
export function clockOff(inventory: Pick<Inventory, 'clockOffsetMs'>): string | null {
  const offsets = Object.entries(inventory.clockOffsetMs);
  if (offsets.length === 0) return null;
  if (offsets.some(([, offsetMs]) => Math.abs(offsetMs) <= CLOCK_OFF_MS)) return null;
  const [node, offsetMs] = offsets[0] ?? ['', 0];
  return `the clock of ${node} is ${Math.round(offsetMs / 1000)} s away from this one`;
}

function loadsOf(loads: readonly string[]): {readonly [load: string]: number} {
  const counts: {[load: string]: number} = {};
  for (const load of loads) counts[load] = (counts[load] ?? 0) + 1;
  return counts;
}
