// Why this exists: section 8, calls whose outcome is not known.
import {F} from './files.ts';
import {held, type Open, open, type Promised} from './promise.ts';

const LATER: Open = {issue: 'later', because: 'no kind makes this call yet'};
const ROW = [F.outcomes, '$row: $fault'] as const;

/** Unknown outcomes, by call. */
export const OUTCOMES: readonly Promised[] = [
  held('8.find-first', 'the own task is looked for first', {script: 'test:crash'}, ROW),
  held('8.create', 'create and clone', ROW),
  open('8.create', 'restore', LATER),
  held('8.config', 'configuration write', ROW),
  held('8.allocate', 'allocation of a disk', ROW),
  held('8.resize', 'resize', ROW),
  held('8.power', 'start, stop and shutdown', ROW),
  open('8.reboot', 'reset and reboot', LATER),
  held('8.destroy', 'destroy', ROW),
  open('8.snapshot', 'snapshot and its deletion', LATER),
  open('8.rollback', 'rollback', LATER),
  held('8.migrate', 'migration', ROW),
  open('8.template', 'conversion to a template', LATER),
  open('8.vzdump', 'backup', LATER),
  held('8.leftovers', 'what a failed configuration write left pending is reverted', [
    F.outcomes,
    'a configuration write that fails half way leaves nothing pending behind',
  ]),
];
