// Why this exists: disk sizes travel as text (`32G`, `528K`, `+10G`, GiB numbers) and as bytes.

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/** Bytes of `4097M`; NaN when it is no size. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text);
  return match === null
    ? Number.NaN
    : Math.ceil(Number(match[1]) * (unitBytes[match[2] ?? ''] ?? 1));
}

/** Text with the largest unit that divides exactly, as Proxmox prints `size=`. */
export function formatSize(bytes: number): string {
  if (bytes === 0) return '0T';
  for (const unit of ['T', 'G', 'M', 'K']) {
    const factor = unitBytes[unit] ?? 1;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}

/** Text as progress lines have it: `1.0 GiB`. */
export function renderBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
