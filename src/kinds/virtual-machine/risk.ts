// Why this exists: the judgements from which fields.ts chooses one for each field.
import type {RiskInput} from '../../core/kind.ts';
import type {Risk} from '../../core/model.ts';
import {effectOf} from './effect.ts';

/** How a field's change is judged, and how that reads in the documentation. */
export interface Judgement {
  readonly risk: (input: RiskInput) => {readonly risk: Risk; readonly because: string};
  readonly running: string;
  readonly stopped: string;
}

/** Takes effect at once on every guest, interrupts nothing. */
export const AT_ONCE: Judgement = {
  risk: (input) =>
    pendingFirst(input, () => ({risk: 'benign', because: 'it takes effect at once'})),
  running: 'benign',
  stopped: 'benign',
};

/** Stored at once; the guest sees it when cloud-init runs again. */
export const CLOUD_INIT: Judgement = {
  risk: (input) =>
    pendingFirst(input, () => ({
      risk: 'benign',
      because: 'it is stored at once; cloud-init runs again at the next boot',
    })),
  running: 'benign: cloud-init runs again at the next boot',
  stopped: 'benign: cloud-init runs again at the next boot',
};

/** Applied to a stopped guest at once; to a running one as hot-plug allows. */
export const BY_HOTPLUG: Judgement = {
  risk: (input) => (isStopped(input) ? STOPPED : byEffect(input)),
  running: 'disruptive, unless it can be applied while running',
  stopped: 'benign',
};

/** Never applied to a running guest. */
export const AT_START: Judgement = {
  risk: (input) => (isStopped(input) ? STOPPED : byEffect(input)),
  running: 'disruptive: needs a stop and start',
  stopped: 'benign',
};

/** A slot: added or taken out. */
export const DEVICE: Judgement = {
  risk: (input) => (isStopped(input) ? STOPPED : byEffect(input)),
  running: 'disruptive; adding is benign where it can be plugged in',
  stopped: 'benign',
};

/** Taking the protection off is what makes losing data possible. */
export const PROTECTION: Judgement = {
  risk: ({to}) =>
    to === true
      ? {risk: 'benign', because: 'it only adds protection'}
      : {risk: 'destructive', because: 'it takes the protection against deletion off'},
  running: 'benign to set, destructive to take off',
  stopped: 'benign to set, destructive to take off',
};

/** Starting interrupts nothing; stopping does. */
export const POWER: Judgement = {
  risk: ({to}) =>
    to === 'running'
      ? {risk: 'benign', because: 'starting the guest interrupts nothing'}
      : {risk: 'disruptive', because: 'it stops the guest'},
  running: 'disruptive',
  stopped: 'benign',
};

/** A move to another node. */
export const MIGRATION: Judgement = {
  risk: ({observed, unfinished}) => {
    if (observed.power === 'running') {
      return {risk: 'benign', because: 'the guest is moved while it runs'};
    }
    return unfinished === true && observed.power === 'stopped'
      ? {risk: 'benign', because: 'the guest is not complete yet, so that nobody misses it'}
      : {risk: 'disruptive', because: 'the guest cannot be started while it is moved'};
  },
  running: 'benign: live migration',
  stopped: 'disruptive: offline migration',
};

/** The volume is gone afterwards. */
export const LOSES_DATA: Judgement = {
  risk: () => ({risk: 'destructive', because: 'the volume is deleted for good'}),
  running: 'destructive',
  stopped: 'destructive',
};

const STOPPED = {risk: 'benign', because: 'the guest is stopped'} as const;

function isStopped({observed}: RiskInput): boolean {
  return observed.power === 'stopped';
}

/** What already waits for a stop and start needs one, whatever kind of key it is. */
function pendingFirst(
  input: RiskInput,
  otherwise: () => {readonly risk: Risk; readonly because: string},
): {readonly risk: Risk; readonly because: string} {
  if (isStopped(input) || !Object.hasOwn(input.observed.active, input.field)) return otherwise();
  return byEffect(input);
}

function byEffect(input: RiskInput): {readonly risk: Risk; readonly because: string} {
  const effect = effectOf(input);
  return {risk: effect.kind === 'now' ? 'benign' : 'disruptive', because: effect.because};
}
