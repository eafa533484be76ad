// Why this exists: the set of reasons is closed; a reason without a file, or a file that nobody
// evaluates, does not compile. The order is that of core's REFUSALS and HOLDS.
import type {Reason} from '../core/action.ts';
import type {ReasonRule} from './judged.ts';
import {adoptionDiffers} from './reasons/adoption-differs.ts';
import {applying} from './reasons/applying.ts';
import {approval} from './reasons/approval.ts';
import {blastRadius} from './reasons/blast-radius.ts';
import {breakglass} from './reasons/breakglass.ts';
import {clock} from './reasons/clock.ts';
import {conflict} from './reasons/conflict.ts';
import {contested} from './reasons/contested.ts';
import {coolDown} from './reasons/cool-down.ts';
import {evidence} from './reasons/evidence.ts';
import {haManaged} from './reasons/ha-managed.ts';
import {identityChanged} from './reasons/identity-changed.ts';
import {inUse} from './reasons/in-use.ts';
import {incomplete} from './reasons/incomplete.ts';
import {limit} from './reasons/limit.ts';
import {locked} from './reasons/locked.ts';
import {markerMissing} from './reasons/marker-missing.ts';
import {noRecord} from './reasons/no-record.ts';
import {notOurs} from './reasons/not-ours.ts';
import {observe} from './reasons/observe.ts';
import {outOfScope} from './reasons/out-of-scope.ts';
import {privilege} from './reasons/privilege.ts';
import {protectedGuest} from './reasons/protected.ts';
import {rootOnly} from './reasons/root-only.ts';
import {self} from './reasons/self.ts';
import {shrink} from './reasons/shrink.ts';
import {suspended} from './reasons/suspended.ts';
import {unknown} from './reasons/unknown.ts';
import {vmidTaken} from './reasons/vmid-taken.ts';
import {waiting} from './reasons/waiting.ts';
import {window} from './reasons/window.ts';

/** Every reason with its rule and remedy, in the order in which the first is shown. */
export const REASONS: {readonly [reason in Reason]: ReasonRule} = {
  'not-ours': notOurs,
  'identity-changed': identityChanged,
  'vmid-taken': vmidTaken,
  self,
  protected: protectedGuest,
  'out-of-scope': outOfScope,
  'root-only': rootOnly,
  privilege,
  'ha-managed': haManaged,
  shrink,
  'in-use': inUse,
  incomplete,
  unknown,
  clock,
  'no-record': noRecord,
  'marker-missing': markerMissing,
  'adoption-differs': adoptionDiffers,
  suspended,
  breakglass,
  locked,
  applying,
  conflict,
  contested,
  'blast-radius': blastRadius,
  approval,
  window,
  evidence,
  limit,
  'cool-down': coolDown,
  waiting,
  observe,
};
