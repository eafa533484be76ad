// Why this exists: the only thing that others see of a virtual machine: the kind.
import type {ResourceKind} from '../../core/kind.ts';
import {exportGuest} from './export.ts';
import {FIELDS} from './fields.ts';
import {fold} from './fold.ts';
import {needs} from './needs.ts';
import {normalise} from './normalise.ts';
import {KIND, listed, observe} from './observe.ts';
import {reads} from './reads.ts';
import {VIRTUAL_MACHINE_SCHEMA} from './schema.ts';
import {setAside} from './set-aside.ts';
import {steps} from './steps.ts';
import {verify} from './verify.ts';

/** A QEMU guest. */
export const virtualMachine: ResourceKind = {
  role: 'resource',
  name: KIND,
  idPrefix: 'qemu',
  schema: VIRTUAL_MACHINE_SCHEMA,
  normalise,
  reads,
  observe,
  fields: FIELDS,
  fold,
  steps,
  listed,
  verify,
  export: exportGuest,
  needs,
  setAside,
};
