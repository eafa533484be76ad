// Why this exists: another volume or medium in a slot that is there. Proxmox puts a CD drive that
// is written at the end of the boot order; who changes a medium did not ask for that.
import type {Body} from '../../core/model.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import {formatProperties, mergeProperties} from '../guest/property-string.ts';
import {bootOrderOf} from './boot-order.ts';
import {type GuestPlace, writeConfig} from './drafts.ts';
import {driveFacts, readDrive} from './drive.ts';
import type {Draft} from './step-draft.ts';

/** The drive string of a slot with another file; its size is read again by Proxmox. */
export function withFile(slot: string, file: string, live: LiveConfig): string {
  const drive = readDrive(slot, live.get(slot) ?? '');
  const changes = new Map([
    ['file', file],
    ['size', null],
  ]);
  return formatProperties(mergeProperties(drive.parts, changes), driveFacts(slot));
}

/** The write that takes a CD drive out of the boot order again; none where it stays or was in. */
export function keepBootOrder(guest: GuestPlace, slot: string, live: LiveConfig): readonly Draft[] {
  const boot = live.get('boot');
  const order = bootOrderOf(live);
  if (boot === undefined || order.length === 0 || order.includes(slot)) return [];
  return [
    writeConfig(guest, {
      says: `leave ${slot} out of the boot order`,
      set: {boot},
      fields: ['boot.order'],
      expect: {'boot.order': order},
    }),
  ];
}

/** True when Git says what the guest boots from, and the slot is not among it. */
export function isOutsideOrder(slot: string, body: Body): boolean {
  const order = body['boot.order'];
  return Array.isArray(order) && !order.includes(slot);
}
