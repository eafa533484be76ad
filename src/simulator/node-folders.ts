// Why this exists: some calls ask whether a directory of a node is there. There are no files here,
// so those of every installation are, and those of the storages (DIFFERENCES.md).
import type {Cluster} from './state.ts';
import {folderOf, isFileStorage} from './volume.ts';

const always = new Set(
  '/ /bin /boot /dev /etc /etc/pve /home /media /mnt /mnt/pve /opt /proc /root /run /srv /sys /tmp '
    .concat('/usr /usr/local /usr/share /var /var/backups /var/lib /var/lib/vz /var/log /var/tmp')
    .split(' '),
);

/** Whether a directory is there. */
export function folderExists(cluster: Cluster, path: string): boolean {
  const asked = path.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
  return always.has(asked) || storageFolders(cluster).some((one) => isWithin(one, asked));
}

function storageFolders(cluster: Cluster): readonly string[] {
  return [...cluster.storages.values()]
    .filter((one) => isFileStorage(one) && !one.disabled && one.outOfReach !== true)
    .flatMap((one) => [...one.content].map((content) => folderOf(one, content)));
}

/** A directory brings all those above it. */
function isWithin(folder: string, asked: string): boolean {
  return folder === asked || folder.startsWith(`${asked}/`);
}
