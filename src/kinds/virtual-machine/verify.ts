// Why this exists: a 200 is not success. After each step the guest is read again: the fields of the
// step must read as promised, and no other field may have moved.
import type {Verification, VerifyRequest} from '../../core/kind.ts';
import type {Body, FieldValue} from '../../core/model.ts';
import {equalValues, LEAF_CODECS} from '../guest/leaf.ts';
import {placeOf} from './field-path.ts';
import {sizeNow} from './growth.ts';
import {sameField} from './same.ts';

/**
 * Fields that live by themselves: people start guests, pools and placement are no configuration.
 */
const RESTLESS = new Set(['power', 'pool', 'node']);

/** Whether a fresh read shows what the step promised, and nothing else. */
export function verify(request: VerifyRequest): Verification {
  const {before, after, step, done} = request;
  if (step.kind === 'until') return {kind: 'as-expected'};
  if (done) {
    const marker = step.target['marker'];
    // The marker is no part of any field: what the body says is the same with and without it.
    if (marker !== undefined && marker !== after.ownership.kind) {
      const because = `its marker says "${after.ownership.kind}", expected "${String(marker)}"`;
      return {kind: 'not-taken', because, fields: ['description']};
    }
    const missing = Object.keys(step.expect).filter((field) => !shows(request, field));
    if (missing.length > 0) return notTaken(missing, request);
    const waiting = inForce(step.target['inForce']).filter((field) => field in after.active);
    if (waiting.length > 0) {
      const because = `${waiting.join(', ')} should be in force and is pending`;
      return {kind: 'not-taken', because, fields: waiting};
    }
  }
  if (before === null) return {kind: 'as-expected'};
  const moved = differing(before.body, after.body).filter((path) => !covers(step.fields, path));
  if (moved.length === 0) return {kind: 'as-expected'};
  const because = `${moved.join(', ')} changed, which the step is not about`;
  return {kind: 'foreign-change', because, fields: moved};
}

function shows({after, step}: VerifyRequest, field: string): boolean {
  if (step.kind === 'until') return true;
  const wanted = step.expect[field];
  const live = after.body[field];
  const place = placeOf(field);
  if (wanted === undefined || place === null) return true;
  // A storage may round a disk up to its own blocks, and a string that waits names the old size.
  if (place.type === 'disk-size' && typeof wanted === 'number') {
    const size = step.operation === 'resize' ? sizeNow(after, field) : live;
    return typeof size === 'number' && size >= wanted;
  }
  return sameField(place, live, wanted, after);
}

function notTaken(fields: readonly string[], {after, step}: VerifyRequest): Verification {
  const parts = fields.map((field) => {
    const wanted = step.kind === 'until' ? undefined : step.expect[field];
    return `${field} is ${show(field, after.body[field])}, expected ${show(field, wanted)}`;
  });
  return {kind: 'not-taken', because: parts.join('; '), fields};
}

function show(field: string, value: FieldValue | undefined): string {
  const place = placeOf(field);
  if (value === undefined || value === null || place === null) return '(none)';
  return LEAF_CODECS[place.type].show(value);
}

function differing(a: Body, b: Body): readonly string[] {
  const paths = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...paths].filter((path) => !isFree(path) && !equalValues(a[path], b[path])).sort();
}

/** That a packed key is there at all follows from its sub-keys. */
function isFree(path: string): boolean {
  if (RESTLESS.has(path)) return true;
  const place = placeOf(path);
  const packed = place?.spec.key === 'config' || place?.spec.key === 'ipconfigN';
  return packed && place?.type === 'presence';
}

/** A field covers itself and everything below it. */
function covers(fields: readonly string[], path: string): boolean {
  return fields.some((field) => path === field || path.startsWith(`${field}.`));
}

function inForce(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
