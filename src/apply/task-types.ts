// Why this exists: a lost answer is looked for under the task's type and the id that it is listed
// by. Source: proxmox facts section 5 (task types) and 20 (lost responses).
import type {CallStep} from '../core/action.ts';

/** The task type of a step's call; null for calls that leave no task. */
export function taskTypeOf(step: CallStep): string | null {
  if (step.kind === 'call') return null;
  const guest = step.call.path.includes('/lxc') ? 'lxc' : 'qemu';
  switch (step.operation) {
    case 'create':
      return guest === 'lxc' ? 'vzcreate' : 'qmcreate';
    case 'clone':
      return guest === 'lxc' ? 'vzclone' : 'qmclone';
    case 'config':
    case 'allocate':
      return 'qmconfig';
    case 'resize':
      return 'resize';
    case 'start':
      return guest === 'lxc' ? 'vzstart' : 'qmstart';
    case 'stop':
      return guest === 'lxc' ? 'vzstop' : 'qmstop';
    case 'shutdown':
      return guest === 'lxc' ? 'vzshutdown' : 'qmshutdown';
    case 'reboot':
      return guest === 'lxc' ? 'vzreboot' : 'qmreboot';
    case 'reset':
      return 'qmreset';
    case 'destroy':
      return guest === 'lxc' ? 'vzdestroy' : 'qmdestroy';
    case 'snapshot':
      return guest === 'lxc' ? 'vzsnapshot' : 'qmsnapshot';
    case 'delete-snapshot':
      return guest === 'lxc' ? 'vzdelsnapshot' : 'qmdelsnapshot';
    case 'rollback':
      return guest === 'lxc' ? 'vzrollback' : 'qmrollback';
    case 'migrate':
      return guest === 'lxc' ? 'vzmigrate' : 'qmigrate';
    case 'reassign':
      return 'qmmove';
    case 'move-disk':
      return guest === 'lxc' ? 'move_volume' : 'qmmove';
    case 'template':
      return guest === 'lxc' ? 'vztemplate' : 'qmtemplate';
    case 'cloud-init':
    case 'pool':
      return null;
  }
}

/** A clone's task is listed under its source's VMID; null for anything else. */
export function sourceOfClone(step: CallStep): number | null {
  if (step.operation !== 'clone') return null;
  const source = /\/(?:qemu|lxc)\/(\d+)\/clone$/.exec(step.call.path)?.[1];
  return source === undefined ? null : Number(source);
}
