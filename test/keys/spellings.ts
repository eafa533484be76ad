// Why this exists: the same meaning in every spelling that Proxmox returns or a person types; no
// pair of them may make a difference (phantom diffs are the first pain of every other tool).
import type {Json} from '../../src/core/json.ts';
import type {Spec} from '../story/guest.ts';

/** Live texts and manifests that all mean the same. */
export interface Spelling {
  readonly title: string;
  /** Raw configurations, each by itself besides the usual; null: the key is absent. */
  readonly live: readonly {readonly [key: string]: string | null}[];
  readonly git: readonly Spec[];
}

const KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0ZkY7x1q0qQzq3p9lT5c0o8n2n7rXvQe4xO0f6kJ2b dmg@example';
const ONCE = encodeURIComponent(KEY);

const key = (name: string, ...texts: readonly (string | null)[]) =>
  texts.map((text) => ({[name]: text}));
const config = (name: string, ...values: readonly Json[]) =>
  values.map((value) => ({config: {[name]: value}}));
const disk = (more: Spec): Spec => ({
  disks: {scsi0: {storage: 'local-lvm', size: '8GiB', ...more}},
});
const net = (more: Spec): Spec => ({
  networks: {net0: {model: 'virtio', bridge: 'vmbr0', ...more}},
});
const volume = 'local-lvm:vm-150-disk-0';

/** Every spelling. */
export const SPELLINGS: readonly Spelling[] = [
  {
    title: 'memory',
    live: key('memory', '2048', '02048', 'current=2048'),
    git: [{memory: '2GiB'}, {memory: '2048MiB'}, {memory: '2097152KiB'}],
  },
  {title: 'memory, not set', live: key('memory', null, '512'), git: [{memory: '512MiB'}]},
  {
    title: 'cpulimit',
    live: key('cpulimit', '1.5', '1.50', '01.5'),
    git: [{cpu: {limit: 1.5}}, {cpu: {limit: '1.50'}}],
  },
  {title: 'cpulimit, none', live: key('cpulimit', null, '0'), git: [{cpu: {limit: 0}}, {}]},
  {title: 'cores', live: key('cores', null, '1'), git: [{cpu: {cores: 1}}]},
  {title: 'weight', live: key('cpuunits', null, '100'), git: [{cpu: {units: 100}}]},
  {
    title: 'booleans and their defaults',
    live: key('onboot', null, '0'),
    git: [{onboot: false}, {onboot: null}, {}],
  },
  {
    title: 'a default that is spelt out',
    live: key('acpi', null, '1'),
    git: [...config('acpi', true, null), {}],
  },
  {
    title: 'MAC in both cases',
    live: key(
      'net0',
      'virtio=bc:24:11:00:00:01,bridge=vmbr0',
      'virtio=BC:24:11:00:00:01,bridge=vmbr0',
    ),
    git: [net({}), net({mac: 'bc:24:11:00:00:01'}), net({mac: 'BC:24:11:00:00:01'})],
  },
  {
    title: 'a card in any order and form',
    live: key(
      'net0',
      'virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=7',
      'bridge=vmbr0,tag=7,virtio=BC:24:11:00:00:01',
      'model=virtio,macaddr=BC:24:11:00:00:01,bridge=vmbr0,tag=7,firewall=0,link_down=0',
    ),
    git: [net({tag: 7}), net({tag: 7, firewall: false}), net({tag: 7, link_down: null})],
  },
  {
    title: 'a disk in any order, with defaults',
    live: key(
      'scsi0',
      `${volume},discard=on,size=8G`,
      `file=${volume},size=8G,discard=on`,
      `volume=${volume},size=8192M,discard=on,backup=1,replicate=1,ro=0`,
      `size=8388608K,discard=on,${volume},ssd=0,iothread=0`,
    ),
    git: [
      disk({discard: true}),
      disk({discard: 'on', size: '8192MiB'}),
      disk({discard: true, backup: true, ssd: false}),
      disk({discard: true, iothread: null, cache: null}),
    ],
  },
  {
    title: 'discard, off',
    live: key('scsi0', `${volume},size=8G`, `${volume},size=8G,discard=ignore`),
    git: [disk({discard: false}), disk({discard: 'ignore'}), disk({discard: null}), disk({})],
  },
  {
    title: 'a serial of a disk',
    live: key('scsi0', `${volume},serial=a%20b,size=8G`, `${volume},size=8G,serial=a%20b`),
    git: [disk({serial: 'a b'})],
  },
  {
    title: 'tags',
    live: key('tags', 'a;b', 'B;A', 'b a', 'a,b', 'b;a;b'),
    git: [{tags: ['a', 'b']}, {tags: ['B', 'a']}, {tags: ['b', 'a', 'A']}],
  },
  {title: 'no tags', live: key('tags', null, '', ' '), git: [{tags: []}, {tags: null}, {}]},
  {
    title: 'a description',
    live: key('description', 'one\ntwo', 'one\ntwo\n', 'one\ntwo \n\n'),
    git: [{description: 'one\ntwo'}, {description: 'one\ntwo\n'}, {description: 'one\ntwo\n \n'}],
  },
  {
    title: 'no description',
    live: key('description', null, '', ' '),
    git: [{description: ''}, {description: null}, {}],
  },
  {
    title: 'keys, encoded once and twice',
    live: key('sshkeys', ONCE, encodeURIComponent(ONCE), `${ONCE}%0A`),
    git: [{cloudInit: {sshKeys: [KEY]}}, {cloudInit: {sshKeys: [`${KEY}\n`]}}],
  },
  {
    title: 'addresses',
    live: key('ipconfig0', 'ip=10.0.0.5/24,gw=10.0.0.1', 'gw=10.0.0.1,ip=10.0.0.5/24'),
    git: [{cloudInit: {ipConfig: {net0: {gw: '10.0.0.1', ip: '10.0.0.5/24'}}}}],
  },
  {
    title: 'DNS servers',
    live: key('nameserver', '10.0.0.1 10.0.0.2', '10.0.0.1,10.0.0.2', '10.0.0.1  10.0.0.2'),
    git: [{cloudInit: {nameserver: ['10.0.0.1', '10.0.0.2']}}],
  },
  {
    title: 'the agent',
    live: key('agent', '1', 'enabled=1', 'enabled=1,type=virtio', '1,fstrim_cloned_disks=0'),
    git: [
      {agent: {enabled: true}},
      {agent: {enabled: true, fstrim_cloned_disks: false}},
      {agent: {enabled: true, type: 'virtio'}},
    ],
  },
  {
    title: 'no agent',
    live: key('agent', null, '0', 'enabled=0'),
    git: [{agent: {enabled: false}}, {}],
  },
  {
    title: 'the processor',
    live: key(
      'cpu',
      'host,flags=+aes;-pcid',
      'cputype=host,flags=-pcid;+aes',
      'flags=+aes;-pcid,host',
    ),
    git: [{cpu: {type: 'host', flags: ['-pcid', '+aes']}}, {cpu: {type: 'host'}}],
  },
  {
    title: 'startup',
    live: key('startup', 'order=2,up=30', '2,up=30', 'up=30,order=2'),
    git: [{startup: {order: 2, up: '30s'}}, {startup: {up: '30s'}}],
  },
  {
    title: 'the boot order',
    live: key('boot', 'order=scsi0;net0', 'order=scsi0;net0;'),
    git: [{boot: {order: ['scsi0', 'net0']}}],
  },
  {
    title: 'hot-plug words',
    live: key('hotplug', null, '1', 'network,disk,usb', 'usb,disk,network'),
    git: config('hotplug', 'network,disk,usb', 'disk,usb,network', '1', 1),
  },
  {
    title: 'the display',
    live: key('vga', 'std,memory=32', 'type=std,memory=32', 'memory=32,type=std'),
    git: config('vga', 'std,memory=32', 'memory=32,type=std', {type: 'std', memory: 32}),
  },
  {
    title: 'the machine',
    live: key('machine', 'q35', 'type=q35'),
    git: config('machine', 'q35', 'type=q35', {type: 'q35'}),
  },
  {
    title: 'random numbers',
    live: key(
      'rng0',
      'source=/dev/urandom',
      '/dev/urandom',
      '/dev/urandom,max_bytes=1024,period=1000',
    ),
    git: config('rng0', 'source=/dev/urandom', '/dev/urandom', {source: '/dev/urandom'}),
  },
  {
    title: 'the watchdog',
    live: key(
      'watchdog',
      'i6300esb,action=reset',
      'model=i6300esb,action=reset',
      'action=reset,i6300esb',
    ),
    git: config('watchdog', 'i6300esb,action=reset', {action: 'reset', model: 'i6300esb'}),
  },
  {
    title: 'a CD drive',
    live: key('ide0', 'none,media=cdrom', 'media=cdrom,file=none'),
    git: [{cdroms: {ide0: {file: 'none'}}}, {cdroms: {ide0: {}}}],
  },
  {
    title: 'the TPM',
    live: key(
      'tpmstate0',
      'local-lvm:vm-150-disk-4,size=4M,version=v2.0',
      'version=v2.0,file=local-lvm:vm-150-disk-4,size=4096K',
    ),
    git: [{tpm: {storage: 'local-lvm', version: 'v2.0'}}],
  },
];
