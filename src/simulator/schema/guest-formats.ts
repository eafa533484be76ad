// Why this exists: formats that only guests' parameters use (boot devices, CPU sets, storage maps,
// hot-plug words), with the texts of qemu-server and of PVE/JSONSchema.pm.
import {keyFacts} from '../qemu/keys.ts';
import {splitList} from '../route.ts';

type Check = (value: string) => string | undefined;

const hotplugWords = new Set(['network', 'disk', 'cpu', 'memory', 'usb', 'cloudinit']);

function hotplugProblem(value: string): string | undefined {
  if (value === '0' || value === '1') return undefined;
  const bad = splitList(value).find((word) => !hotplugWords.has(word));
  return bad === undefined ? undefined : `invalid hotplug feature '${bad}'\n`;
}

function startupProblem(value: string): string | undefined {
  const isPart = (part: string): boolean =>
    part.trim() === '' || /^(?:(?:order=)?\d+|(?:up|down)=\d+)$/.test(part);
  const fits = value !== '' && value !== '0' && value.split(',').every(isPart);
  return fits ? undefined : 'unable to parse startup options\n';
}

function cpuSetProblem(value: string): string | undefined {
  const fits = value.split(',').every((part, _, parts) => {
    if (value === '' && parts.length === 1) return true;
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    return match !== null && Number(match[2] ?? match[1]) >= Number(match[1]);
  });
  return fits ? undefined : 'unable to parse cpuset option\n';
}

function bootDeviceProblem(value: string): string | undefined {
  const isDevice = /^(?:(?:ide|sata|scsi|virtio|net|usb|hostpci)\d+)$/.test(value);
  return isDevice && keyFacts(value) !== undefined ? undefined : `invalid boot device '${value}'\n`;
}

function bootDiskProblem(value: string): string | undefined {
  const isDisk = /^(?:(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0)$/.test(value);
  return isDisk && keyFacts(value) !== undefined ? undefined : `invalid boot disk '${value}'\n`;
}

function physicalBitsProblem(value: string): string | undefined {
  const bits = Number(value);
  return value === 'host' || (/^\d{1,2}$/.test(value) && bits >= 8 && bits <= 64)
    ? undefined
    : "value must be an integer between 8 and 64 or 'host'\n";
}

/** One entry of a map such as `local:nfs`, `nfs` or `1`; the whole list has rules of its own. */
function pairCheck(idProblem: Check): Check {
  return (value) => {
    if (value === '1') return undefined;
    const match = /^([^:]+):([^:]+)$/.exec(value);
    const ids = match === null ? [value] : [match[1] ?? '', match[2] ?? ''];
    const bad = ids.map(idProblem).find((problem) => problem !== undefined);
    return bad === undefined ? undefined : `entry '${value}' contains invalid ID - ${bad}\n\n`;
  };
}

/** What is wrong with a whole storage or bridge map, as PVE::JSONSchema::parse_idmap says it. */
export function mapProblem(value: string): string | undefined {
  const sources = new Set<string>();
  let identity = false;
  let fallback = false;
  for (const entry of splitList(value)) {
    const source = /^([^:]+):[^:]+$/.exec(entry)?.[1];
    if (entry === '1') identity = true;
    else if (source === undefined && fallback) {
      return 'default target ID can only be provided once\n';
    } else if (source === undefined) fallback = true;
    else if (sources.has(source)) return `duplicate mapping for source '${source}'\n`;
    else sources.add(source);
  }
  return identity && (fallback || sources.size > 0)
    ? 'identity mapping cannot be combined with other mappings\n'
    : undefined;
}

/** Checks by format name; `storage` and `bridge` judge single ids. */
export function guestFormats(ids: {
  readonly storage: Check;
  readonly bridge: Check;
}): Readonly<Record<string, Check>> {
  return {
    'storage-pair': pairCheck(ids.storage),
    'bridge-pair': pairCheck(ids.bridge),
    'pve-startup-order': startupProblem,
    'pve-hotplug-features': hotplugProblem,
    'pve-cpuset': cpuSetProblem,
    'pve-qm-bootdev': bootDeviceProblem,
    'pve-qm-bootdisk': bootDiskProblem,
    'pve-phys-bits': physicalBitsProblem,
    'pve-day-of-week': (value) =>
      /^(?:mon|tue|wed|thu|fri|sat|sun)$/.test(value) ? undefined : `invalid day '${value}'\n`,
  };
}
