// Why this exists: what could not be read is not known to be absent or unchanged.
import type {ReasonRule} from '../judged.ts';

/** Holds while something needed could not be read, and without quorum. */
export const incomplete: ReasonRule = {
  reason: 'incomplete',
  applies: ({input}) => (input.quorate === false ? 'the cluster has no quorum' : null),
  remedy: (_, {quorate}) =>
    quorate === false
      ? 'Bring its quorum back (on a node: pvecm status); the next pass goes on by itself.'
      : 'Bring back what could not be read; the next pass goes on by itself.',
};
