// Why this exists: the kinds that a controller knows, passed on by the command line and by tests;
// engine rooms never import them.
import type {Kind} from '../core/kind.ts';
import {virtualMachine} from './virtual-machine/index.ts';

/** Every manifest kind. */
export const kinds: readonly Kind[] = [virtualMachine];
