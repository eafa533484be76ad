// Why this exists: combinations of hardware that a write refuses although each value is fine by
// itself (assert_clipboard_config, assert_valid_machine_property in qemu-server).
import {fail} from '../failure.ts';
import {parseProperties} from './property-string.ts';

/** The VNC clipboard needs a display that can have it; 500 otherwise. */
export function assertClipboard(vga: string): void {
  const properties = parseProperties('vga', vga);
  const type = properties.get('type');
  if (properties.get('clipboard') !== 'vnc' || type === undefined) return;
  if (!/^(std|cirrus|vmware|virtio|qxl)/.test(type)) {
    fail(500, `vga type ${type} is not compatible with VNC clipboard`);
  }
}

/** Intel's virtual IOMMU needs the q35 machine; 500 otherwise. */
export function assertMachine(machine: string): void {
  const properties = parseProperties('machine', machine);
  const isQ35 = (properties.get('type') ?? '').includes('q35');
  if (properties.get('viommu') === 'intel' && !isQ35) {
    fail(500, 'to use Intel vIOMMU please set the machine type to q35');
  }
}

/** EFI and TPM slots know no `media`, which an empty slot is given: its file is not written. */
export function assertNoEmptySlot(config: ReadonlyMap<string, string>): void {
  for (const key of ['efidisk0', 'tpmstate0']) {
    if (!/^(none|cdrom),/.test(config.get(key) ?? '')) continue;
    const why = 'property is not defined in schema and the schema does not allow additional';
    fail(500, `unable to parse value of '${key}' - format error\nmedia: ${why} properties\n`);
  }
}
