// Why this exists: what several power calls ask before anything else.
import {fail, paramError} from '../failure.ts';
import type {Context} from '../route.ts';
import {vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {guestHere} from './guest-file.ts';

/** 400 for what only root may ask for. */
export function requireRoot({params, auth}: Context, names: readonly string[]): void {
  for (const name of names) {
    const isSet = params[name] !== undefined && params[name] !== '0';
    if (isSet && !auth.isRoot) paramError({[name]: 'Only root may use this option.'});
  }
}

/** The guest, or 500 `VM 100 not running`. */
export function assertRunning(context: Context): QemuGuest {
  const vmid = vmidOf(context);
  const guest = guestHere(context.cluster, context.node, vmid);
  if (guest.runtime === undefined) fail(500, `VM ${vmid} not running`);
  return guest;
}
