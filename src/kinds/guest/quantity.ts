// Why this exists: a person writes `32GiB` and `5m`, Proxmox stores `32G`, `4096` (MiB) and
// seconds; inside there are only bytes and seconds.

const BINARY: Readonly<Record<string, number>> = {
  '': 0,
  B: 0,
  K: 1,
  KI: 1,
  KIB: 1,
  M: 2,
  MI: 2,
  MIB: 2,
  G: 3,
  GI: 3,
  GIB: 3,
  T: 4,
  TI: 4,
  TIB: 4,
};

const SECONDS: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600, d: 86_400};

/** One mebibyte in bytes. */
export const MEBIBYTE: number = 1024 ** 2;

/** One gibibyte in bytes. */
export const GIBIBYTE: number = 1024 ** 3;

/** Bytes of `4GiB`, `512MiB`, or Proxmox's own `4G`; null without a unit or with another one. */
export function parseBytes(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(text);
  const power = match ? BINARY[(match[2] ?? '').toUpperCase()] : undefined;
  if (!match || power === undefined) return null;
  const bytes = Number(match[1]) * 1024 ** power;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Bytes of a size as Proxmox prints it: `32G`, `528K`, or plain bytes. */
export function parseDiskSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text.trim());
  if (!match) return null;
  return Math.round(Number(match[1]) * 1024 ** (BINARY[match[2] ?? ''] ?? 0));
}

/** A size as Proxmox prints it: the largest unit that is exact. */
export function formatDiskSize(bytes: number): string {
  return exact(bytes, ['', 'K', 'M', 'G', 'T']);
}

/** A size for people and manifests: `32GiB`; none at all is `0MiB`, which manifests take too. */
export function showBytes(bytes: number): string {
  if (bytes === 0) return '0MiB';
  return exact(bytes, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
}

/** Seconds of `30s`, `5m`, `1h30m`; null without units. */
export function parseSeconds(text: string): number | null {
  if (!/^\s*(\d+[smhd]\s*)+$/.test(text)) return null;
  let seconds = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([smhd])/g)) {
    seconds += Number(digits) * (SECONDS[unit ?? 's'] ?? 1);
  }
  return Number.isSafeInteger(seconds) ? seconds : null;
}

/** Seconds for people and manifests: `5m`, `90s`. */
export function showSeconds(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    const size = SECONDS[unit] ?? 1;
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

function exact(bytes: number, units: readonly string[]): string {
  let value = bytes;
  let index = 0;
  while (value !== 0 && value % 1024 === 0 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${value}${units[index] ?? ''}`;
}
