// Why this exists: a controller that stops its own guest cannot finish what it began.
import type {Action, Operation} from '../../core/action.ts';
import type {ReasonRule} from '../judged.ts';

/** Refuses to stop, cycle, roll back, migrate or delete our own guest. */
export const self: ReasonRule = {
  reason: 'self',
  applies: ({action, input}) => {
    const {self, selfUuid} = input;
    const here = self !== null && self.cluster === input.plan.cluster && self.vmid === action.vmid;
    const same = selfUuid !== null && selfUuid.toLowerCase() === action.witness?.toLowerCase();
    return (here || same) && interrupts(action) ? 'this controller runs in it' : null;
  },
  remedy: () => 'Do it from outside: run pvegit on another machine, or do it by hand.',
};

const INTERRUPTING: readonly Operation[] = [
  'stop',
  'shutdown',
  'reboot',
  'reset',
  'destroy',
  'rollback',
  'migrate',
];

function interrupts(action: Action): boolean {
  return (
    action.risk !== 'benign' ||
    action.verb === 'delete' ||
    action.verb === 'replace' ||
    action.steps.some((step) => step.kind !== 'until' && INTERRUPTING.includes(step.operation))
  );
}
