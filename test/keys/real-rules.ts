// Why this exists: an oracle that is neither our table nor our simulator: what qemu-server itself
// does with a change of a guest that runs, told key by key after reading its
// `vmconfig_hotplug_pending`, `vmconfig_update_net`, `vmconfig_update_disk`,
// `vmconfig_update_agent`, `qemu_cpu_hotplug` and `qemu_memory_hotplug` (8.4.10 and 9.2.6 agree).

/** In force at once; left pending until a stop and start; refused with a 400. */
export type Fate = 'applied' | 'pending' | 'error';

/** A configuration as text by key. */
export type Texts = {readonly [key: string]: string | undefined};

/** Committed before anything else is looked at: they do not reach the process. */
const FAST = new Set([
  ...['description', 'hookscript', 'lock', 'migrate_downtime', 'migrate_speed', 'name', 'onboot'],
  ...['protection', 'shares', 'startup', 'tags', 'vmstatestorage'],
  ...['cicustom', 'cipassword', 'citype', 'ciupgrade', 'ciuser', 'nameserver', 'searchdomain'],
  'sshkeys',
]);

/** What a write of `to` (undefined: a deletion) does to `key` of a running guest. */
export function realFate(key: string, to: string | undefined, live: Texts): Fate {
  const words = hotplugWords(live['hotplug']);
  const from = live[key];
  // What is as it stands does not stay pending.
  if (from === to) return 'applied';
  if (FAST.has(key) || /^ipconfig\d+$/.test(key)) return 'applied';
  // A volume that is out of use is deleted by the call itself.
  if (/^unused\d+$/.test(key)) return 'applied';
  if (key === 'cpuunits' || key === 'cpulimit') return 'applied';
  if (key === 'hotplug') return when(!/cpu|memory/.test(`${from ?? ''} ${to ?? ''}`));
  if (key === 'tablet') return when(words.has('usb'));
  if (/^usb\d+$/.test(key)) return when(words.has('usb') && canPlugUsb(live));
  if (key === 'balloon') return when((from === '0') === (to === '0'));
  if (key === 'vcpus') return words.has('cpu') ? vcpus(to, live) : 'pending';
  if (key === 'memory') return words.has('memory') ? memory(to, live) : 'pending';
  if (key === 'agent') return when(to !== undefined && from !== undefined && sameAgent(from, to));
  if (/^net\d+$/.test(key)) return when(words.has('network') || staysPlugged(from, to));
  if (/^(scsi|virtio|ide|sata)\d+$/.test(key)) return drive(key, from, to, words.has('disk'));
  return 'pending';
}

function when(applied: boolean): Fate {
  return applied ? 'applied' : 'pending';
}

function hotplugWords(text = '1'): ReadonlySet<string> {
  if (text === '0') return new Set();
  return new Set((text === '1' ? 'network,disk,usb' : text).split(/[,; ]+/));
}

/** Windows 7 counts as 7, older ones as less. A pinned machine must be 7.1 at least. */
function canPlugUsb({ostype, machine}: Texts): boolean {
  const windows = Number(/^win(\d+)$/.exec(ostype ?? '')?.[1] ?? 0);
  const pinned = /-(\d+)\.(\d+)/.exec(machine ?? '');
  const old = pinned && Number(pinned[1]) * 100 + Number(pinned[2]) < 701;
  return (ostype === 'l26' || windows > 7) && !old;
}

function vcpus(to: string | undefined, live: Texts): Fate {
  const most = Number(live['sockets'] ?? 1) * Number(live['cores'] ?? 1);
  return to !== undefined && Number(to) > most ? 'error' : 'applied';
}

/** Modules of 512 MiB above the first GiB, 32 of each size, then of twice the size. */
function memory(to: string | undefined, live: Texts): Fate {
  const wanted = mebibytes(to);
  if (wanted === mebibytes(live['memory'])) return 'applied';
  if (wanted < 1024) return 'error';
  let size = 1024;
  for (let module = 512; size < wanted; module *= 2) {
    for (let at = 0; at < 32 && size < wanted; at += 1) size += module;
  }
  // Otherwise Proxmox rounds up, and what is written is not what is then there.
  return size === wanted ? 'applied' : 'error';
}

function mebibytes(text = '512'): number {
  return Number(text.replace('current=', ''));
}

/** Any part but one waits; the guest was started with or without the channel. */
function sameAgent(from: string, to: string): boolean {
  const parts = (text: string) => ({...read(text, 'enabled'), fstrim_cloned_disks: undefined});
  return differing(parts(from), parts(to)).length === 0;
}

function staysPlugged(from: string | undefined, to: string | undefined): boolean {
  if (from === undefined || to === undefined) return false;
  const [before, after] = [readNet(from), readNet(to)];
  if (before['bridge'] === undefined || after['bridge'] === undefined) return false;
  const moved = new Set(differing(before, after));
  return !['model', 'macaddr', 'queues', 'mtu'].some((part) => moved.has(part));
}

const COLD_PARTS = ['aio', 'discard', 'iothread', 'queues', 'product', 'cache', 'ssd', 'vendor'];

function drive(key: string, from: string | undefined, to: string | undefined, disk: boolean): Fate {
  const hot = disk && !/^(ide|sata)/.test(key);
  if (from === undefined || to === undefined) return when(hot);
  const [before, after] = [read(from, 'file'), read(to, 'file')];
  if ((before['media'] ?? 'disk') !== (after['media'] ?? 'disk')) return 'error';
  if (before['media'] === 'cdrom') return 'applied';
  if (before['file'] !== after['file']) return when(hot);
  const moved = new Set(differing(before, after));
  return when(![...COLD_PARTS, 'ro'].some((part) => moved.has(part)));
}

function readNet(text: string): Texts {
  const {model, ...parts} = read(text, 'model');
  const named = Object.entries(parts).find(([, value]) => /^([0-9a-f]{2}:){5}/i.test(value ?? ''));
  if (model !== undefined || named === undefined) return {...parts, model};
  return {...parts, [named[0]]: undefined, model: named[0], macaddr: named[1]};
}

function read(text: string, first: string): Texts {
  return Object.fromEntries(
    text.split(',').map((part) => {
      const cut = part.indexOf('=');
      return cut < 0 ? [first, part] : [part.slice(0, cut), part.slice(cut + 1)];
    }),
  );
}

function differing(before: Texts, after: Texts): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]);
}
