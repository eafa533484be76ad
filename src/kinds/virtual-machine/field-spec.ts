// Why this exists: what one line of the field table says.
import type {LeafType} from '../guest/leaf.ts';

/** One field of a virtual machine: where it lives in Proxmox, and what it means. */
export interface FieldSpec {
  readonly type: LeafType;
  /** Key or family in Proxmox; `drive` for any disk slot; null for what is no configuration. */
  readonly key: string | null;
  /** Sub-key inside a packed key. */
  readonly sub?: string;
  /** Read out of the volume id or the slot instead of a sub-key. */
  readonly derived?: 'storage' | 'format' | 'slot';
  /** What Proxmox means when it is not set, as Proxmox spells it; the key table's otherwise. */
  readonly absent?: string | number;
  /**
   * True: it cannot be absent while its slot (or the guest) is there; leaving it out releases it.
   */
  readonly sticky?: true;
  /** One sentence for the schema and the documentation. */
  readonly says: string;
  readonly examples?: readonly (string | number | boolean | readonly string[])[];
  /** Allowed words, where the key table has none. */
  readonly words?: readonly string[];
}
