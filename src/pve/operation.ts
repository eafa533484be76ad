// Why this exists: metrics need a label from a closed set, and paths hold names and numbers. Words
// that are part of the API stay, everything else becomes a placeholder.

const WORDS = new Set(
  `access acl agent aliases aplinfo apt backup backup-info capabilities certificates
  clone cloudinit cluster config content current delete domains download-url dump exec exec-status
  feature firewall groups ha hardware hosts interfaces ipset jobs log lxc mapping metrics migrate
  move_disk move_volume nextid network node nodes options pci pending permissions ping pools
  prunebackups qemu reboot refs regenerate-image replication report reset resize resources resume
  rollback roles rrd rrddata rules sdn services shutdown snapshot start status stop storage suspend
  tasks template ticket time token unlink upload usb users version vnets vzdump zones`.split(/\s+/),
);

/** What stands after these words is a name, even if it happens to be a word of the API. */
const NAMED_AFTER: {readonly [word: string]: string} = {
  nodes: '{node}',
  tasks: '{upid}',
  storage: '{storage}',
  snapshot: '{snapname}',
  pools: '{poolid}',
  content: '{volume}',
};

/** The label of a call: `GET /nodes/{node}/qemu/{vmid}/pending`. */
export function operationOf(method: string, path: string): string {
  const [bare = ''] = path.split('?');
  const parts = bare.split('/').filter((part) => part !== '');
  const shown: string[] = [];
  for (const [index, part] of parts.slice(0, 8).entries()) {
    shown.push(placeholder(parts[index - 1], part) ?? part);
  }
  return `${method} /${shown.join('/')}`;
}

function placeholder(before: string | undefined, part: string): string | null {
  const named = before === undefined ? undefined : NAMED_AFTER[before];
  if (named !== undefined) return named;
  if (/^\d+$/.test(part)) return '{vmid}';
  return WORDS.has(part) ? null : '{name}';
}
