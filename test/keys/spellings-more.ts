// Why this exists: the spellings that come from old guests, from the web page, from `qm set` and
// from people who quote everything.
import type {Json} from '../../src/core/json.ts';
import type {Spec} from '../story/guest.ts';
import type {Spelling} from './spellings.ts';

const key = (name: string, ...texts: readonly (string | null)[]) =>
  texts.map((text) => ({[name]: text}));
const config = (name: string, ...values: readonly Json[]) =>
  values.map((value): Spec => ({config: {[name]: value}}));
const volume = 'local-lvm:vm-150-disk-0';
const uuid = 'uuid=6f9619ff-8b86-4011-b42d-00c04fc964ff';

/** More of them. */
export const MORE_SPELLINGS: readonly Spelling[] = [
  {
    title: 'cores in quotes',
    live: key('cores', '2', '02'),
    git: [{cpu: {cores: '2'}}, {cpu: {cores: 2}}],
  },
  {
    title: 'every word for yes',
    live: key('onboot', '1', 'yes', 'on', 'true'),
    git: [{onboot: true}],
  },
  {
    title: 'every word for no',
    live: key('onboot', '0', 'no', 'off', null),
    git: [{onboot: false}, {onboot: null}],
  },
  {
    title: 'every word for no under config',
    live: key('acpi', '0', 'no', 'off', 'false'),
    git: config('acpi', false),
  },
  {
    title: 'old boot letters are left alone',
    live: [
      {boot: 'cdn', bootdisk: 'scsi0'},
      {boot: 'c', bootdisk: 'scsi0'},
    ],
    git: [{}, ...config('bootdisk', 'scsi0')],
  },
  {
    title: 'a card with its model by name',
    live: key(
      'net0',
      'virtio,bridge=vmbr0,macaddr=BC:24:11:00:00:01',
      'model=virtio,bridge=vmbr0,macaddr=bc:24:11:00:00:01',
      'bridge=vmbr0,virtio=BC:24:11:00:00:01',
    ),
    git: [{networks: {net0: {model: 'virtio', bridge: 'vmbr0', mac: 'bc:24:11:00:00:01'}}}],
  },
  {
    title: 'VLANs that are passed through',
    live: key(
      'net0',
      'virtio=BC:24:11:00:00:01,bridge=vmbr0,trunks=5;7-9',
      'virtio=BC:24:11:00:00:01,bridge=vmbr0,trunks=7-9;5',
    ),
    git: [{networks: {net0: {trunks: ['7-9', 5]}}}, {networks: {net0: {trunks: '5;7-9'}}}],
  },
  {
    title: 'an empty CD drive',
    live: key('ide2', 'none,media=cdrom', 'file=none,media=cdrom', 'none,media=cdrom,size=4M'),
    git: [{cdroms: {ide2: {}}}, {cdroms: {ide2: {file: 'none'}}}],
  },
  {
    title: 'IPv6 addresses in both cases',
    live: key(
      'ipconfig0',
      'ip6=2001:DB8::5/64,gw6=2001:db8::1',
      'gw6=2001:DB8::1,ip6=2001:db8::5/64',
    ),
    git: [{cloudInit: {ipConfig: {net0: {ip6: '2001:db8::5/64', gw6: '2001:DB8::1'}}}}],
  },
  {
    title: 'the display by its type alone',
    live: key('vga', 'std', 'type=std', null),
    git: [...config('vga', 'std', 'type=std', {type: 'std'}), {}],
  },
  {
    title: 'startup with the order by name',
    live: key('startup', 'order=2', '2'),
    git: [{startup: {order: 2}}, {startup: {order: '2'}}],
  },
  {
    title: 'a NUMA node',
    live: key('numa0', 'cpus=0-1,memory=2048', 'memory=2048,cpus=0-1', 'memory=2048.0,cpus=0-1'),
    git: config('numa0', 'cpus=0-1,memory=2048', 'memory=2048,cpus=0-1', {
      cpus: '0-1',
      memory: 2048,
    }),
  },
  {
    title: 'a USB port',
    live: key('usb0', 'host=spice', 'spice', 'host=spice,usb3=0'),
    git: config('usb0', 'spice', 'host=spice', {host: 'spice'}, {host: 'spice', usb3: false}),
  },
  {
    title: 'sound',
    live: key(
      'audio0',
      'device=ich9-intel-hda,driver=spice',
      'driver=spice,device=ich9-intel-hda',
      'device=ich9-intel-hda',
    ),
    git: config(
      'audio0',
      'device=ich9-intel-hda',
      {device: 'ich9-intel-hda'},
      {device: 'ich9-intel-hda', driver: 'spice'},
    ),
  },
  {
    title: 'firmware texts',
    live: key('smbios1', `${uuid},family=RmFtaWx5,base64=1`, `base64=1,family=RmFtaWx5,${uuid}`),
    git: config('smbios1', {family: 'RmFtaWx5', base64: true}, 'family=RmFtaWx5,base64=1'),
  },
  {
    title: 'search domains',
    live: key('searchdomain', 'a.test b.test', 'a.test,b.test', 'a.test;b.test'),
    git: [
      {cloudInit: {searchdomain: ['a.test', 'b.test']}},
      {cloudInit: {searchdomain: 'a.test b.test'}},
    ],
  },
  {
    title: 'a description with the line ends of Windows',
    live: key('description', 'one\ntwo', 'one\r\ntwo\r\n', 'one\ntwo\n\n'),
    git: [{description: 'one\r\ntwo'}, {description: 'one\ntwo\n'}],
  },
  {
    title: 'a serial port and the console on it',
    live: [
      {serial0: 'socket', vga: 'serial0'},
      {serial0: 'socket', vga: 'type=serial0'},
    ],
    git: [{config: {serial0: 'socket', vga: 'serial0'}}],
  },
  {
    title: 'a disk with limits as decimals',
    live: key(
      'scsi0',
      `${volume},mbps=50,size=8G`,
      `${volume},mbps=50.0,size=8G`,
      `${volume},size=8G,mbps=050`,
    ),
    git: [{disks: {scsi0: {mbps: 50}}}, {disks: {scsi0: {mbps: '50.0'}}}],
  },
  {
    title: 'an explicit format and cache',
    live: key('scsi0', `${volume},size=8G`, `${volume},size=8G,cache=none,aio=io_uring,format=raw`),
    git: [{disks: {scsi0: {cache: 'none'}}}, {disks: {scsi0: {cache: null}}}],
  },
  {
    title: 'IDs of PCI devices',
    live: key(
      'hostpci0',
      'mapping=gpu,pcie=1',
      'pcie=1,mapping=gpu',
      'mapping=gpu,pcie=1,rombar=1',
    ),
    git: config('hostpci0', 'mapping=gpu,pcie=1', {mapping: 'gpu', pcie: true}),
  },
  {
    title: 'the processor by its type alone',
    live: key('cpu', 'host', 'cputype=host', 'host,hidden=0'),
    git: [{cpu: {type: 'host'}}, {cpu: {type: 'host', hidden: false}}],
  },
  {
    title: 'no processor type is the default one',
    live: key('cpu', null, 'kvm64'),
    git: [{}, {cpu: {type: 'kvm64'}}],
  },
  {
    title: 'the operating system that is not told',
    live: key('ostype', null, 'other'),
    git: [...config('ostype', 'other', null), {}],
  },
  {
    title: 'the date of the clock',
    live: key('startdate', null, 'now'),
    git: [...config('startdate', 'now', null), {}],
  },
  {
    title: 'weights and ballooning that are as they come',
    live: [{}, {shares: '1000'}, {cpuunits: '100'}, {cpuunits: '0100', shares: '1000'}],
    git: [{shares: 1000, cpu: {units: 100}}, {shares: null}],
  },
  {
    title: 'tags with a plus, a dot and in another case',
    live: key('tags', 'db_1;Web.Edge;x+y', 'x+y,web.edge,DB_1', 'web.edge db_1 x+y'),
    git: [{tags: ['x+y', 'DB_1', 'web.edge']}, {tags: 'db_1;web.edge;x+y'}],
  },
];
