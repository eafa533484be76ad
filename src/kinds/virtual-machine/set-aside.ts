// Why this exists: a volume that leaves its slot stays as `unusedN`. Which ones pvegit set aside is
// remembered, so that after a while their removal is proposed; what others put there is theirs.
import type {Change} from '../../core/action.ts';
import type {SetAside} from '../../core/kind.ts';
import type {Observed} from '../../core/model.ts';
import {activeOf, configuredOf, type LiveConfig} from '../guest/live-config.ts';
import {drivesOf, volumeOwner} from './drive.ts';
import {deviceOf} from './edits.ts';
import {vmidOfKey} from './reads.ts';

/** The guest's own volumes that changes set free: of a slot that leaves, is moved or exchanged. */
export function freedBy(changes: readonly Change[], observed: Observed): readonly string[] {
  const live = configuredOf(observed);
  const volumes = changes.flatMap(({field, to}) => {
    const device = deviceOf(field);
    if (device === null || device === 'cloudInit.drive' || device.startsWith('cdroms.')) return [];
    const leaves = device === field && (to ?? null) === null;
    const exchanged = device !== field && /\.(storage|format|file)$/.test(field);
    if (!leaves && !exchanged) return [];
    const slot = STATE.get(device) ?? device.slice('disks.'.length);
    return (live.get(slot) ?? '').split(',')[0] ?? [];
  });
  const vmid = vmidOfKey(observed.key);
  return [...new Set(volumes)].filter((volume) => volumeOwner(volume) === vmid);
}

const STATE: ReadonlyMap<string, string> = new Map([
  ['efi', 'efidisk0'],
  ['tpm', 'tpmstate0'],
]);

/** What stands unused, and what will once a pending detachment takes effect. */
export function setAside(observed: Observed): SetAside {
  const [configured, active] = [configuredOf(observed), activeOf(observed)];
  const unused = [...configured].filter(([key]) => /^unused\d+$/.test(key));
  const kept = attached(configured);
  return {
    fields: Object.fromEntries(
      unused.map(([key, text]) => [`unused.${key}`, text.split(',')[0] ?? '']),
    ),
    leaving: [...attached(active)].filter((volume) => !kept.has(volume)),
  };
}

function attached(config: LiveConfig): ReadonlySet<string> {
  const state = [...STATE.values()].flatMap((key) => (config.get(key) ?? '').split(',')[0] ?? []);
  return new Set([...drivesOf(config).map(({file}) => file), ...state]);
}
