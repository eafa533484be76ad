// Why this exists: what Proxmox refuses a token by the value that a key has or shall have (its
// checks of devices and cards, qemu-server's rules of hardware) is said before the call is made.
import type {Finding} from '../../core/action.ts';
import {qemuKey} from '../guest/key-facts.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import type {Marker} from '../guest/marker.ts';
import {parseProperties} from '../guest/property-string.ts';
import {composeKeys, type Edit} from './compose.ts';
import {placeOfField} from './field-path.ts';

/** What speaks against writing the keys of these edits over what is there. */
export function refusedWrites(
  edits: readonly Edit[],
  live: LiveConfig,
  marker: Marker,
): readonly Finding[] {
  return [...composeKeys(edits, live, marker)].flatMap(([key, value]): readonly Finding[] => {
    const wanted = typeof value === 'string' ? value : undefined;
    const fields = edits.map(({field}) => field).filter((one) => placeOfField(one).key === key);
    const device = [live.get(key), wanted].find((text) => text !== undefined && isRoots(key, text));
    if (device !== undefined) {
      const detail = `only root@pam may change ${key}, which is ${device}`;
      return [{reason: 'root-only', detail, fields}];
    }
    const because = wanted === undefined ? null : refusal(key, wanted);
    return because === null ? [] : [{reason: 'waiting', detail: because, fields}];
  });
}

/** A device of the host, or a card without a bridge: no token may write, change or delete it. */
function isRoots(key: string, text: string): boolean {
  const known = qemuKey(key);
  if (known === null) return false;
  if (known.family === 'serialN') return text !== 'socket';
  const parts = (): ReadonlyMap<string, string> => parseProperties(text, known.facts);
  switch (known.family) {
    case 'netN':
      return !parts().has('bridge');
    case 'usbN':
      return /^(?!spice$)./i.test(parts().get('host') ?? '');
    case 'hostpciN':
      return parts().has('host') || parts().has('romfile');
    default:
      return false;
  }
}

/** Hardware that excludes each other within one key; null: nothing is known against it. */
function refusal(key: string, text: string): string | null {
  const known = qemuKey(key);
  if (known === null || !['cpu', 'machine', 'vga'].includes(key)) return null;
  const parts = parseProperties(text, known.facts);
  if (key === 'cpu' && !parts.has('cputype')) {
    return `cpu would be ${text}, and Proxmox wants its type with it; declare cpu.type`;
  }
  const type = parts.get('type') ?? '';
  if (parts.get('viommu') === 'intel' && !type.includes('q35')) {
    return `machine would be ${text}, and viommu=intel needs q35; declare config.machine.type`;
  }
  const hasClipboard = type === '' || /^(std|cirrus|vmware|virtio|qxl)/.test(type);
  if (parts.get('clipboard') !== 'vnc' || hasClipboard) return null;
  return `vga would be ${text}, and that display has no clipboard; declare config.vga.type`;
}
