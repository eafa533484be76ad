// Why this exists: keys that no token may set, keys that only Proxmox writes, and other names for
// what has a field: each is refused on its line, with a reason and what to do instead.
import {kinds} from '../../src/kinds/index.ts';
import {readManifests} from '../../src/manifest/read.ts';
import {revisionOf} from '../builders/revision.ts';
import {manifest, patched, type Spec} from '../story/guest.ts';

/** A key with what somebody writes, and the code that refuses it. */
export interface RefusedKey {
  readonly key: string;
  readonly patch: Spec;
  readonly code: string;
}

const root = (key: string, value: string | number | boolean): RefusedKey => ({
  key,
  patch: {config: {[key]: value}},
  code: 'root-only',
});

const ours = (key: string, value: string | number = 'x'): RefusedKey => ({
  key,
  patch: {config: {[key]: value}},
  code: 'vm-config-refused',
});

const internal = (key: string): RefusedKey => ({...ours(key), code: 'vm-config-unknown'});

/** Every key that cannot be managed. */
export const REFUSED_KEYS: readonly RefusedKey[] = [
  {key: 'affinity', patch: {cpu: {affinity: '0-3'}}, code: 'root-only'},
  root('amd-sev', 'type=std'),
  root('arch', 'aarch64'),
  root('args', '-cpu host'),
  root('hookscript', 'local:snippets/hook.pl'),
  root('hugepages', '1024'),
  root('intel-tdx', 'type=tdx'),
  root('ivshmem', 'size=32'),
  root('keephugepages', true),
  {...root('parallel0', '/dev/parport0'), key: 'parallelN'},
  root('spice_enhancements', 'foldersharing=1'),
  {...root('hostpci0', 'host=0000:01:00.0'), key: 'hostpciN'},
  {...root('usb0', 'host=1234:abcd'), key: 'usbN'},
  {...root('serial0', '/dev/ttyS0'), key: 'serialN'},
  ours('lock', 'backup'),
  ours('digest'),
  ours('meta', 'creation-qemu=9.0.0'),
  ours('vmgenid', '1'),
  {key: 'smbios1', patch: {config: {smbios1: 'uuid=1'}}, code: 'vm-config-uuid'},
  internal('parent'),
  internal('snaptime'),
  internal('vmstate'),
  internal('runningmachine'),
  internal('runningcpu'),
  internal('running-nets-host-mtu'),
  {key: 'cdrom', patch: {config: {cdrom: 'none'}}, code: 'vm-config-field'},
  {key: 'smp', patch: {config: {smp: 2}}, code: 'vm-config-field'},
];

/** What is wrong with how a key is refused; empty when it is told well. */
export function checkRefused({key, patch, code}: RefusedKey): readonly string[] {
  const text = manifest(patched({vmid: 150, node: 'pve1', empty: {}}, patch), {name: 'keys'});
  const {diagnostics, desired} = readManifests({revision: revisionOf({'vm.yaml': text}), kinds});
  const told = diagnostics.find((one) => one.code === code);
  if (!told) return [`${key}: ${code} expected, got ${diagnostics.map((one) => one.code).join()}`];
  const wrong = told.severity === 'error' && desired.length === 0 ? [] : [`${key} is no error`];
  return told.remedy === undefined ? [...wrong, `${key}: no remedy`] : wrong;
}
