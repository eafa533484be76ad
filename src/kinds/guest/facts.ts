// Why this exists: the shape of what Proxmox knows of a configuration key, for the generated table
// and for those who ask it.

/** What Proxmox's schema says of one value. */
export interface LeafFacts {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly default?: string | number;
  /** ECMAScript, anchored. */
  readonly pattern?: string;
  /** In a property string: its name may be left out. */
  readonly defaultKey?: true;
  readonly required?: true;
  /** In a property string: another name for that sub-key. */
  readonly alias?: string;
  /** In a property string: the name itself is the value of that sub-key (`virtio=MAC`). */
  readonly keyAlias?: string;
  readonly since?: string;
}

/** What Proxmox knows of one key. */
export interface KeyFacts extends LeafFacts {
  /** When a change takes effect on a running guest: `immediate`, `pending` or `class:<word>`. */
  readonly hotplug: string;
  /** True: refused for every token. */
  readonly rootOnly?: true;
  /** Number of slots of a family. */
  readonly indexed?: number;
  readonly privilege: string;
  readonly properties?: Readonly<Record<string, LeafFacts>>;
}
