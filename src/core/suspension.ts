// Why this exists: wherever a person meets a pause, the command that ends it is the same.
import type {Suspension} from './ports.ts';

/** The tag with which a person keeps us away from a guest, in Proxmox itself. */
export const HOLD_TAG = 'pvegit-hold';

/** The command that ends a pause, as a shell takes it. */
export function resumeCommand({key, cluster}: Pick<Suspension, 'key' | 'cluster'>): string {
  return key === '*' ? `pvegit resume '*' --cluster ${cluster}` : `pvegit resume ${key}`;
}
