// Why this exists: a VMID, an address or a MAC that two manifests claim would make two guests one,
// or take one off the network. It is checked once, for all kinds, over the claims that they state.
import type {Claim, Desired, Diagnostic, SourceRange} from '../core/model.ts';
import {bare, quoted} from '../core/visible.ts';
import type {ManifestCode} from './codes.ts';
import {mistake} from './document.ts';

/** One exclusive claim with who makes it. */
interface Claimant {
  readonly desired: Desired;
  readonly claim: Claim;
}

/** Every exclusive claim that is made twice is an error in all that make it. */
export function checkClaims(desired: readonly Desired[]): readonly Diagnostic[] {
  const names = groups(desired, ({kind, name}) => `${kind}/${name}`);
  const sameName = [...names.values()].filter((group) => group.length > 1);
  const found = sameName.flatMap((group) => group.map((one) => nameMistake(one, group)));
  return [...found, ...claimMistakes(desired)];
}

/** Where a claim stands, or else its document. */
function claimRange(desired: Desired, claim: Claim): SourceRange {
  return desired.ranges[claim.path] ?? desired.range;
}

/** `web/db.yaml:12`, as messages point at another place. */
export function pointAt(range: SourceRange): string {
  return `${bare(range.file)}:${range.start.line}`;
}

function groups<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = found.get(key);
    if (group === undefined) found.set(key, [item]);
    else group.push(item);
  }
  return found;
}

function nameMistake(one: Desired, group: readonly Desired[]): Diagnostic {
  const other = group.find((item) => item !== one) ?? one;
  return mistake('duplicate-name', {
    range: one.range,
    detail: `${one.kind} ${quoted(one.name)} is also described at ${pointAt(other.range)}.`,
    remedy: 'Rename one of them; a guest keeps its identity by its VMID.',
    key: one.key,
  });
}

function claimMistakes(desired: readonly Desired[]): readonly Diagnostic[] {
  const all = desired.flatMap((one) =>
    one.claims.filter(({exclusive}) => exclusive).map((claim) => ({desired: one, claim})),
  );
  const bySame = groups(all, ({claim}) => `${claim.space} ${claim.value}`);
  return [...bySame.values()].flatMap((group) => {
    if (group.length < 2) return [];
    return group.flatMap((one) => claimMistake(one, group));
  });
}

function claimMistake(one: Claimant, group: readonly Claimant[]): readonly Diagnostic[] {
  const {desired, claim} = one;
  const other = group.find((item) => item !== one);
  if (other === undefined || repeatsName(one, other)) return [];
  const {code, what, remedy} = WORDS[claim.space] ?? OTHER;
  const who = `${other.desired.kind} ${quoted(other.desired.name)}`;
  const where = pointAt(claimRange(other.desired, other.claim));
  const range = claimRange(desired, claim);
  const thing = `${what} ${bare(claim.value)}`;
  const detail = `${thing} is claimed by ${who} at ${where} too.`;
  return [mistake(code, {range, detail, remedy, key: desired.key})];
}

/** The same metadata.name is told once, not again as the same guest name. */
function repeatsName(one: Claimant, other: Claimant): boolean {
  const {kind, name} = one.desired;
  return one.claim.space === 'name' && other.desired.kind === kind && other.desired.name === name;
}

interface Words {
  readonly code: ManifestCode;
  readonly what: string;
  readonly remedy: string;
}

const OTHER: Words = {
  code: 'duplicate-claim',
  what: 'What is named',
  remedy: 'Let one of them go.',
};

const WORDS: {readonly [space in Claim['space']]?: Words} = {
  vmid: {
    code: 'duplicate-vmid',
    what: 'VMID',
    remedy: 'Give one of them a VMID that is free; VMs and containers share one range.',
  },
  name: {
    code: 'duplicate-guest-name',
    what: 'The guest name',
    remedy: 'Rename one of the guests.',
  },
  address: {
    code: 'duplicate-address',
    what: 'The address',
    remedy: 'Give one of them an address that is free.',
  },
  mac: {
    code: 'duplicate-mac',
    what: 'The MAC address',
    remedy: 'Change one, or leave it out: Proxmox then makes one and pvegit keeps it.',
  },
  volume: {
    code: 'duplicate-volume',
    what: 'The volume',
    remedy: 'A volume belongs to one guest; name another one, or delete the line.',
  },
};
