// Why this exists: MACs, UUIDs and process ids must differ from each other and repeat with the
// seed.

/** A seeded source of numbers; the same seed gives the same run. */
export interface Random {
  /** A number in [0, 1). */
  readonly unit: () => number;
  /** A whole number in [0, below). */
  readonly below: (below: number) => number;
  /** `digits` lower-case hexadecimal digits. */
  readonly hex: (digits: number) => string;
}

/**
 * A Random from a 32-bit seed (mulberry32: one word of state, good enough to differ and repeat).
 */
export function seededRandom(seed: number): Random {
  let word = seed >>> 0;
  const unit = (): number => {
    word = (word + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(word ^ (word >>> 15), word | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number): number => Math.floor(unit() * limit);
  const hex = (digits: number): string =>
    Array.from({length: digits}, () => below(16).toString(16)).join('');
  return {unit, below, hex};
}

/** A random version-4 UUID in lower case, as vmgenid, smbios1 and token secrets have it. */
export function randomUuid(random: Random): string {
  const variant = '89ab'.charAt(random.below(4));
  const tail = `${variant}${random.hex(3)}-${random.hex(12)}`;
  return `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-${tail}`;
}

/** A random MAC in upper case under `prefix` (`BC:24:11`), as Proxmox writes generated ones. */
export function randomMac(random: Random, prefix: string): string {
  const missing = 6 - prefix.split(':').length;
  const bytes = Array.from({length: missing}, () => random.hex(2));
  return [prefix, ...bytes].join(':').toUpperCase();
}
