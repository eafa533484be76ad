// Why this exists: passed-through devices and directories: what is root's alone, what a mapping
// opens to others (check_usb_perm, check_hostpci_perm, check_rng_perm, check_dir_perm and the
// serial checks of PVE/API2/Qemu.pm).
import {fail, paramError} from '../failure.ts';
import {require403} from '../permission.ts';
import type {Request} from './access-checks.ts';
import {requireOnGuest} from './access-checks.ts';
import {parseProperties} from './property-string.ts';

/** What is done to the key: the texts differ for serial ports. */
export type Deed = 'set' | 'modify' | 'delete';

const neither = "either 'host' or 'mapping' must be set.";

/** Require what the value of a device key asks for; other keys ask for nothing here. */
export function requireDevice(request: Request, key: string, text: string, deed: Deed): void {
  if (request.context.auth.isRoot) return;
  const kind = /^(serial|usb|hostpci|rng|virtiofs)\d+$/.exec(key)?.[1];
  if (kind === 'serial') requireSerial(request, key, text, deed);
  if (kind === 'usb') requireUsb(request, key, text);
  if (kind === 'hostpci') requirePci(request, key, text);
  if (kind === 'rng') requireRandom(request, key, text);
  if (kind === 'virtiofs') requireDirectory(request, key, text);
}

/** What a copy of the guest needs for its mapped devices; real ones are root's. */
export function requireMappings(request: Request, section: ReadonlyMap<string, string>): void {
  const {context} = request;
  if (context.auth.isRoot) return;
  for (const [key, text] of section) {
    const kind = /^(usb|hostpci)\d+$/.exec(key)?.[1];
    const properties = parseProperties(key, text);
    const host = properties.get('host');
    const mapping = properties.get('mapping');
    if (kind === undefined) requireOtherMapping(request, key, properties);
    else if (host !== undefined) {
      if (kind === 'usb' && /^spice$/i.test(host)) continue;
      const what = kind === 'usb' ? 'real' : 'non-mapped';
      fail(500, `only root can set '${key}' config for ${what} devices`);
    } else if (mapping === undefined) fail(500, neither);
    else require403(context, `/mapping/${kind === 'usb' ? 'usb' : 'pci'}/${mapping}`, use);
  }
}

const use = ['Mapping.Use'];

function requireOtherMapping(
  {context}: Request,
  key: string,
  properties: ReadonlyMap<string, string>,
): void {
  if (/^rng\d+$/.test(key) && properties.get('source') === '/dev/hwrng') {
    require403(context, '/mapping/hwrng', use);
  }
  if (/^virtiofs\d$/.test(key)) {
    require403(context, `/mapping/dir/${properties.get('dirid') ?? ''}`, use);
  }
}

function requireSerial(request: Request, key: string, text: string, deed: Deed): void {
  if (text !== 'socket') fail(500, `only root can ${deed} '${key}' config for real devices`);
  requireOnGuest(request, ['VM.Config.HWType']);
}

function requireUsb(request: Request, key: string, text: string): void {
  requireOnGuest(request, ['VM.Config.HWType']);
  const properties = parseProperties(key, text);
  const host = properties.get('host');
  const mapping = properties.get('mapping');
  if (host !== undefined) {
    if (!/^spice$/i.test(host)) fail(500, `only root can set '${key}' config for real devices`);
  } else if (mapping === undefined) fail(500, neither);
  else require403(request.context, `/mapping/usb/${mapping}`, use);
}

function requirePci(request: Request, key: string, text: string): void {
  const properties = parseProperties(key, text);
  const mapping = properties.get('mapping');
  if (properties.has('host')) fail(500, `only root can set '${key}' config for non-mapped devices`);
  if (mapping === undefined) fail(500, neither);
  require403(request.context, `/mapping/pci/${mapping}`, use);
  requireOnGuest(request, ['VM.Config.HWType']);
  if (properties.has('romfile')) paramError({[key]: "only root@pam can set 'romfile' option"});
}

function requireRandom(request: Request, key: string, text: string): void {
  requireOnGuest(request, ['VM.Config.HWType']);
  if (parseProperties(key, text).get('source') === '/dev/hwrng') {
    require403(request.context, '/mapping/hwrng', use);
  }
}

function requireDirectory(request: Request, key: string, text: string): void {
  requireOnGuest(request, ['VM.Config.Disk']);
  const directory = parseProperties(key, text).get('dirid') ?? '';
  require403(request.context, `/mapping/dir/${directory}`, use);
}
