// Why this exists: Proxmox unplugs no disk that the guest boots from (qemu-server,
// `get_bootdisks` and `vm_deviceunplug`), whatever `hotplug` says.
import type {LiveConfig} from '../guest/live-config.ts';
import {parseProperties} from '../guest/property-string.ts';
import {isDriveSlot} from './drive.ts';
import {keyFactsOf, placeOfField} from './field-path.ts';

/** The devices of a configuration's boot order; empty where it says none. */
export function bootOrderOf(config: LiveConfig): readonly string[] {
  const facts = keyFactsOf(placeOfField('boot.order'));
  const boot = config.get('boot');
  if (facts === null || boot === undefined) return [];
  const order = parseProperties(boot, facts).get('order') ?? '';
  return order.split(/[,; ]+/).filter((device) => device !== '');
}

/** True for a drive that a running guest booted from, or would have: it is not unplugged. */
export function isBootDisk(slot: string, config: LiveConfig): boolean {
  if (!isDriveSlot(slot)) return false;
  const order = bootOrderOf(config);
  return order.length > 0 ? order.includes(slot) : config.get('bootdisk') === slot;
}
