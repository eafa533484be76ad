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
const NAMED_AFTER: ReadonlyMap<string, string> = new Map([
  ['nodes', '{node}'],
  ['tasks', '{upid}'],
  ['storage', '{storage}'],
  ['snapshot', '{snapname}'],
  ['pools', '{poolid}'],
  ['content', '{volume}'],
]);

/** No method of the API lies deeper that is worth a label. */
const MOST_PARTS = 8;

/** The label of a call: `GET /nodes/{node}/qemu/{vmid}/pending`. */
export function operationOf(method: string, path: string): string {
  const end = path.indexOf('?');
  let [shown, before, depth] = [`${method} /`, '', 0];
  // One string that grows: it is made for each answer of a large fleet.
  for (const part of (end < 0 ? path : path.slice(0, end)).split('/')) {
    if (part === '' || depth === MOST_PARTS) continue;
    const word = placeholder(before, part) ?? part;
    shown += depth === 0 ? word : `/${word}`;
    before = part;
    depth += 1;
  }
  return shown;
}

function placeholder(before: string, part: string): string | null {
  const named = NAMED_AFTER.get(before);
  if (named !== undefined) return named;
  if (/^\d+$/.test(part)) return '{vmid}';
  return WORDS.has(part) ? null : '{name}';
}
