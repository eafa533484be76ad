// Why this exists: how a guest comes to exist is said once, in the manifest, and never compared
// afterwards; here is its shape between normalise, reads and create.
import {isObject, type JsonObject} from '../../core/json.ts';
import type {Desired} from '../../core/model.ts';

/** Creation by clone. Undefined parts are left to Proxmox. */
export interface CloneCreation {
  readonly vmid: number;
  readonly full?: boolean;
  readonly storage?: string;
  readonly format?: string;
  readonly snapname?: string;
}

/** Create-only instructions of a virtual machine. */
export interface Creation {
  readonly method: 'clone' | 'empty';
  readonly clone: CloneCreation | null;
  /** Volume to import, by disk slot. */
  readonly imports: {readonly [slot: string]: string};
}

/** As plain data, for Desired. */
export function creationJson(creation: Creation): JsonObject {
  return {
    method: creation.method,
    ...(creation.clone === null ? {} : {clone: {...creation.clone}}),
    ...(Object.keys(creation.imports).length === 0 ? {} : {imports: creation.imports}),
  };
}

/** The clone that a document asks for; null when it asks for something else. */
export function cloneOf(desired: Desired): CloneCreation | null {
  const {clone} = desired.creation;
  if (!isObject(clone) || typeof clone['vmid'] !== 'number') return null;
  return {
    vmid: clone['vmid'],
    ...(typeof clone['full'] === 'boolean' ? {full: clone['full']} : {}),
    ...textPart(clone, 'storage'),
    ...textPart(clone, 'format'),
    ...textPart(clone, 'snapname'),
  };
}

/** The volume that a disk slot is imported from; null for a fresh volume. */
export function importOf(desired: Desired, slot: string): string | null {
  const {imports} = desired.creation;
  const volume = isObject(imports) ? imports[slot] : undefined;
  return typeof volume === 'string' ? volume : null;
}

/** True when the document says how to create the guest at all. */
export function saysHow(desired: Desired): boolean {
  return typeof desired.creation['method'] === 'string';
}

function textPart(
  value: {readonly [key: string]: unknown},
  name: 'storage' | 'format' | 'snapname',
): {readonly [key: string]: string} {
  const part = value[name];
  return typeof part === 'string' ? {[name]: part} : {};
}
