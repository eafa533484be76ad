// Why this exists: a container's raw volume holds ext4: making it prints what mkfs prints, and a
// running container sees the room that its bookkeeping leaves.

const blockBytes = 4096;
const blocksPerGroup = 32_768;
const inodesPerGroup = 8_192;

function isBackupGroup(group: number): boolean {
  if (group <= 1) return true;
  return [3, 5, 7].some((base) => {
    let power = base;
    while (power < group) power *= base;
    return power === group;
  });
}

/** The relevant lines of mkfs.ext4 for a volume of that size. */
export function mkfsLines(sizeBytes: number, uuid: string): readonly string[] {
  const blocks = Math.floor(sizeBytes / blockBytes);
  const groups = Math.ceil(blocks / blocksPerGroup);
  return [
    `Creating filesystem with ${blocks} 4k blocks and ${inodesOf(blocks)} inodes`,
    `Filesystem UUID: ${uuid}`,
    ...(groups > 1 ? ['Superblock backups stored on blocks: '] : []),
    ...backupLines(groups),
  ];
}

function inodesOf(blocks: number): number {
  return Math.ceil(blocks / blocksPerGroup) * inodesPerGroup;
}

/** Numbers are broken into lines of 72 columns. */
function backupLines(groups: number): readonly string[] {
  const numbers = Array.from({length: groups}, (_, group) => group)
    .filter((group) => group > 0 && isBackupGroup(group))
    .map((group) => String(group * blocksPerGroup));
  const lines: string[] = [];
  let left = 0;
  for (const number of numbers) {
    if (number.length + 2 > left) {
      if (lines.length > 0) lines.push(`${lines.pop()}, `);
      lines.push(`\t${number}`);
      left = 72;
    } else {
      lines.push(`${lines.pop()}, ${number}`);
    }
    left -= number.length + 2;
  }
  return lines;
}

/**
 * Bytes that a container sees of its volume; the journal and the room to grow were laid out when
 * the file system was made with `madeBytes`.
 */
export function usableBytes(sizeBytes: number, madeBytes: number): number {
  const blocks = Math.floor(sizeBytes / blockBytes);
  const groups = Math.ceil(blocks / blocksPerGroup);
  const backups = Array.from({length: groups}, (_, group) => group).filter(isBackupGroup).length;
  const inodeTables = (groups * inodesPerGroup * 256) / blockBytes;
  const descriptors = 1 + reservedDescriptors(Math.floor(madeBytes / blockBytes));
  const used = journalBlocks(madeBytes) + inodeTables + backups * (1 + descriptors) + 2 * groups;
  return (blocks - used) * blockBytes;
}

/** Descriptor blocks kept for growing a thousandfold. */
function reservedDescriptors(madeBlocks: number): number {
  const groups = Math.ceil((madeBlocks * 1024) / blocksPerGroup);
  return Math.min(1023, Math.ceil((groups * 64) / blockBytes) - 1);
}

function journalBlocks(madeBytes: number): number {
  const blocks = Math.floor(madeBytes / blockBytes);
  if (blocks < 262_144) return 4_096;
  if (blocks < 524_288) return 8_192;
  if (blocks < 4_194_304) return 16_384;
  return blocks < 8_388_608 ? 32_768 : 65_536;
}
