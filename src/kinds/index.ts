// Why this exists: the kinds that a controller knows, passed on by the command line and by tests;
// engine rooms never import them.
import type {Kind} from '../core/kind.ts';
import {addressPlan} from './address-plan/index.ts';
import {defaults} from './defaults/index.ts';
import {secret} from './secret/index.ts';
import {virtualMachine} from './virtual-machine/index.ts';
import {virtualMachineSet} from './virtual-machine-set/index.ts';

/** Every manifest kind. */
export const kinds: readonly Kind[] = [
  addressPlan,
  defaults,
  secret,
  virtualMachine,
  virtualMachineSet,
];
