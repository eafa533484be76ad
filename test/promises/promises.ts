// Why this exists: the one list of all promises, put together from the sections.
import type {Promised} from './promise.ts';
import {ALWAYS} from './section-always.ts';
import {ATTACKS} from './section-attacks.ts';
import {DELETING} from './section-deleting.ts';
import {GATE} from './section-gate.ts';
import {NEVER} from './section-never.ts';
import {OUTCOMES} from './section-outcomes.ts';
import {OWNERSHIP} from './section-ownership.ts';

/** Every promise, by section. */
export const PROMISES: readonly Promised[] = [
  ...NEVER,
  ...ALWAYS,
  ...GATE,
  ...ATTACKS,
  ...OWNERSHIP,
  ...OUTCOMES,
  ...DELETING,
];
