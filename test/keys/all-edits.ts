// Why this exists: the list of all edits, and which key of Proxmox has none and why.
import {DEVICE_EDITS} from './edits-devices.ts';
import {PLAIN_EDITS} from './edits-plain.ts';
import type {KeyEdit, Mode} from './key-edit.ts';

/** Every edit. */
export const KEY_EDITS: readonly KeyEdit[] = [...PLAIN_EDITS, ...DEVICE_EDITS];

/** Each edit is tried on a stopped guest, a running one, and one with every hot-plug word. */
export const MODES: readonly Mode[] = ['stopped', 'running', 'full'];
