// Why this exists: keys that Proxmox takes one by one exclude each other beside what the guest has
// already: what it would answer with an error, or what would disturb a network, is said beforehand.
import type {Finding} from '../../core/action.ts';
import type {Desired, FieldValue, Observed} from '../../core/model.ts';
import {activeOf, configuredOf} from '../guest/live-config.ts';
import type {Marker} from '../guest/marker.ts';
import {isPacked, lacksRequired, parseProperties} from '../guest/property-string.ts';
import {MEBIBYTE, showBytes} from '../guest/quantity.ts';
import {composeKeys, type Edit} from './compose.ts';
import {keyFactsOf, placeOfField} from './field-path.ts';
import {projectConfig} from './project.ts';
import {refusedWrites} from './refused-writes.ts';

/** What the edits of plain keys are judged beside. */
export interface KeyContext {
  readonly desired: Desired | null;
  readonly observed: Observed;
  readonly marker: Marker;
}

/** What speaks against edits of plain keys. */
export function keyFindings(edits: readonly Edit[], context: KeyContext): readonly Finding[] {
  return [
    ...balloonFindings(edits, context.observed),
    ...macFindings(edits, context.observed),
    ...packedFindings(edits, context),
    ...refusedWrites(edits, configuredOf(context.observed), context.marker),
  ];
}

/** What a guest without the key has (qemu-server, `pve-qm-memory-fmt`). */
export const DEFAULT_MEMORY: number = 512 * MEBIBYTE;

/** Proxmox refuses a least memory above the memory, whichever of them is written. */
function balloonFindings(edits: readonly Edit[], {body}: Observed): readonly Finding[] {
  const about = edits.filter(({field}) => field === 'memory' || field === 'balloon');
  if (about.length === 0) return [];
  const after = (field: string): FieldValue => {
    const edit = about.find((one) => one.field === field);
    return edit === undefined ? (body[field] ?? null) : edit.to;
  };
  const [balloon, memory] = [after('balloon'), after('memory') ?? DEFAULT_MEMORY];
  if (typeof balloon !== 'number' || typeof memory !== 'number' || balloon <= memory) return [];
  const detail = `balloon would be ${showBytes(balloon)} and memory ${showBytes(memory)}`;
  const remedy = 'which Proxmox refuses; declare both';
  return [
    {reason: 'waiting', detail: `${detail}, ${remedy}`, fields: about.map(({field}) => field)},
  ];
}

/** Two cards with one address disturb their network, also for as long as the other still goes. */
function macFindings(edits: readonly Edit[], observed: Observed): readonly Finding[] {
  const touched = new Set(edits.map(({field}) => cardOf(field)));
  const isLeft = (card: string) => {
    return !edits.some(({field, to}) => {
      return cardOf(field) === card && (field.endsWith('.mac') || to === null);
    });
  };
  const active = projectConfig(activeOf(observed));
  const live = [observed.body, active].flatMap((body) => Object.entries(body));
  return edits.flatMap(({field, to}): readonly Finding[] => {
    const card = cardOf(field);
    if (card === null || !field.endsWith('.mac') || typeof to !== 'string') return [];
    const other = live.find(([path, mac]) => {
      const holder = cardOf(path);
      const isOther = holder !== null && holder !== card && path.endsWith('.mac') && mac === to;
      return isOther && (!touched.has(holder) || isLeft(holder));
    });
    if (other === undefined) return [];
    const holder = cardOf(other[0]);
    const detail = `${holder} has the address ${to} of ${card}; it goes first`;
    return [{reason: 'in-use', detail, fields: [`networks.${card}`, field]}];
  });
}

function cardOf(field: string): string | null {
  return /^networks\.(net\d+)(\.|$)/.exec(field)?.[1] ?? null;
}

/** A packed key without its main sub-key is no key, so that its other sub-keys cannot be. */
function packedFindings(
  edits: readonly Edit[],
  {desired, observed, marker}: KeyContext,
): readonly Finding[] {
  const byKey = Map.groupBy(edits, ({field}) => placeOfField(field).key ?? '');
  return [...byKey].flatMap(([key, list]): readonly Finding[] => {
    const facts = keyFactsOf(placeOfField(list[0]?.field ?? ''));
    if (facts === null || !isPacked(facts)) return [];
    const text = composeKeys(list, configuredOf(observed), marker).get(key);
    const parts = typeof text === 'string' ? parseProperties(text, facts) : null;
    if (parts !== null && !lacksRequired(parts, facts)) return [];
    const wanted = wantedOf(key, desired);
    if (wanted.length === 0) return [];
    const main = Object.entries(facts.properties ?? {}).filter(
      ([name, leaf]) => leaf.required === true && parts?.has(name) !== true,
    );
    const lacks = main.map(([name]) => name).join(', ') || 'its main sub-key';
    const detail = `${key} cannot be without ${lacks}, and Git wants ${wanted.join(', ')}`;
    const fields = list.map(({field}) => field);
    return [{reason: 'waiting', detail: `${detail}; declare both or neither`, fields}];
  });
}

/** Sub-keys of a key that Git gives a value. */
function wantedOf(key: string, desired: Desired | null): readonly string[] {
  return Object.entries(desired?.body ?? {})
    .filter(([field, to]) => {
      if (to === null) return false;
      const place = placeOfField(field);
      return place.key === key && place.sub !== null;
    })
    .map(([field]) => field);
}
