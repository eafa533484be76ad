// Why this exists: how guests of both kinds are started and stopped through HA, and how a stop ends
// the shutdowns that still wait for the guest.
import {paramError} from '../failure.ts';
import {requestHa} from '../qemu/ha.ts';
import {act} from '../qemu/worker.ts';
import type {Context, Reply} from '../route.ts';
import {flag, vmidOf} from '../route.ts';
import type {Stage} from '../task.ts';

/** The worker that the HA manager will fork, and what it does. */
interface Wish<Type> {
  readonly workerType: Type;
  readonly stages: (context: Context) => readonly Stage[];
}

/** Ask the HA manager to start a guest. */
export function requestStart(context: Context, wish: Wish<'qmstart' | 'vzstart'>): Reply {
  return requestHa(context, {
    ...wish,
    type: 'hastart',
    what: `HA start for ${kindOf(wish.workerType)} ${vmidOf(context)}`,
    state: 'started',
  });
}

/** Ask the HA manager to stop a guest; 400 if that is to overrule shutdowns. */
export function requestStop(
  context: Context,
  wish: Wish<'qmstop' | 'vzstop' | 'qmshutdown' | 'vzshutdown'>,
): Reply {
  if (flag(context, 'overrule-shutdown')) {
    paramError({'overrule-shutdown': 'Not applicable for HA resources.'});
  }
  return requestHa(context, {
    ...wish,
    type: 'hastop',
    what: `HA stop for ${kindOf(wish.workerType)} ${vmidOf(context)}`,
    state: 'stopped',
  });
}

function kindOf(workerType: string): string {
  return workerType.startsWith('vz') ? 'CT' : 'VM';
}

/** If the stop asks for it, the guest's shutdowns that still wait are interrupted. */
export function overruleStage(context: Context, type: 'qmshutdown' | 'vzshutdown'): Stage {
  const id = String(vmidOf(context));
  return act((worker) => {
    if (!flag(context, 'overrule-shutdown')) return;
    const waiting = [...context.cluster.tasks.values()].filter(
      (task) => task.type === type && task.id === id && task.exitStatus === undefined,
    );
    for (const task of waiting) task.stop?.('received interrupt');
    if (waiting.length === 0) return;
    worker.log(`overruled ${type} tasks: ${waiting.map(({upid}) => upid).join(', ')}`);
  });
}
