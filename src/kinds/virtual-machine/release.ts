// Why this exists: a key that only a newer Proxmox knows makes an older one refuse the whole call,
// after others of the same action went through; it is told before anything leaves.
import {diagnose} from '../../core/diagnostic.ts';
import type {StepRequest} from '../../core/kind.ts';
import type {Diagnostic} from '../../core/model.ts';
import {VM_PLAN_CODES} from './codes.ts';
import {factsOf, keyFactsOf, placeOfField} from './field-path.ts';

/** A mistake for each field that is set although the cluster's release does not know it yet. */
export function releaseMistakes(request: StepRequest): readonly Diagnostic[] {
  const {desired, inventory, key} = request;
  const {release} = inventory;
  if (desired === null || release === null) return [];
  return settings(request).flatMap((field): readonly Diagnostic[] => {
    const since = sinceOf(field);
    if (since === null || !isBefore(release, since)) return [];
    return [
      diagnose(VM_PLAN_CODES, 'vm-release', {
        detail: `${field} exists since Proxmox VE ${since}; this cluster runs ${release}.`,
        remedy: 'Leave it out, or upgrade the cluster first.',
        range: desired.ranges[field] ?? desired.range,
        key,
      }),
    ];
  });
}

function settings({desired, changes}: StepRequest): readonly string[] {
  const set = changes.filter(({to}) => to !== null && to !== undefined).map(({field}) => field);
  // A slot that is new stands for everything that is declared below it.
  const below = Object.entries(desired?.body ?? {}).flatMap(([path, value]) =>
    value !== null && set.some((field) => path.startsWith(`${field}.`)) ? [path] : [],
  );
  return [...new Set([...set, ...below])].toSorted();
}

function sinceOf(field: string): string | null {
  const place = placeOfField(field);
  return factsOf(place)?.since ?? keyFactsOf(place)?.since ?? null;
}

/** `8.4` is before `9.x` and `9.1`; `9.1` is not before `9.x`. */
function isBefore(release: string, since: string): boolean {
  const [major = 0, minor = 0] = numbers(release);
  const [sinceMajor = 0, sinceMinor = 0] = numbers(since);
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
}

function numbers(release: string): readonly number[] {
  return release.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
