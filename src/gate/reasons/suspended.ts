// Why this exists: a person asked us to keep away.
import {touchedKeys} from '../../core/action.ts';
import type {ResourceKey} from '../../core/model.ts';
import type {Suspension} from '../../core/ports.ts';
import {resumeCommand} from '../../core/suspension.ts';
import type {GateInput} from '../input.ts';
import type {ReasonRule} from '../judged.ts';

/** Holds what a person has suspended. */
export const suspended: ReasonRule = {
  reason: 'suspended',
  applies: ({touched, input}) => {
    const active = suspensionOf(touched, input);
    if (active === undefined) return null;
    const what = active.key === '*' ? 'the whole cluster' : active.key;
    return `${what} is suspended by ${active.owner}: ${active.reason}`;
  },
  remedy: (action, input) => {
    const active = suspensionOf(touchedKeys(action), input);
    return active === undefined
      ? 'Take the tag pvegit-hold off the guest, in Proxmox.'
      : resumeCommand(active);
  },
};

function suspensionOf(keys: readonly ResourceKey[], input: GateInput): Suspension | undefined {
  return input.suspensions.find(
    (one) =>
      one.cluster === input.plan.cluster &&
      (one.key === '*' || keys.includes(one.key)) &&
      // A clock that is off must not end somebody's pause.
      (one.expiresAt === null || one.expiresAt > input.now || input.clockOff !== null),
  );
}
