// Why this exists: a person asked us to keep away.
import type {ResourceKey} from '../../core/model.ts';
import type {Suspension} from '../../core/ports.ts';
import type {GateInput} from '../input.ts';
import type {ReasonRule} from '../judged.ts';

/** Holds what a person has suspended. */
export const suspended: ReasonRule = {
  reason: 'suspended',
  applies: ({action, input}) => {
    const active = suspensionOf(action.key, input);
    return active === undefined ? null : suspensionText(active);
  },
  remedy: (action, input) => {
    const active = suspensionOf(action.key, input);
    return active === undefined
      ? 'Take the tag pvegit-hold off the guest, in Proxmox.'
      : resumeCommand(active);
  },
};

/** Who suspended what, and why. */
export function suspensionText({key, owner, reason}: Suspension): string {
  const what = key === '*' ? 'the whole cluster' : key;
  return `${what} is suspended by ${owner}: ${reason}`;
}

/** The command that ends a suspension, as a shell takes it. */
export function resumeCommand({key, cluster}: Suspension): string {
  return key === '*' ? `pvegit resume '*' --cluster ${cluster}` : `pvegit resume ${key}`;
}

function suspensionOf(key: ResourceKey, input: GateInput): Suspension | undefined {
  return input.suspensions.find(
    (one) =>
      one.cluster === input.plan.cluster &&
      (one.key === '*' || one.key === key) &&
      // A clock that is off must not end somebody's pause.
      (one.expiresAt === null || one.expiresAt > input.now || input.clockOff !== null),
  );
}
