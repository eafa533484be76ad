// Why this exists: neighbours of the recorded creations and config writes, as the code of
// qemu-server 8.4.10, pve-common 8.3.8 and pve-storage 8.3.8 answers them when it is asked.
import {describe, expect, it} from 'vitest';
import {call, clusterWith, guestOf, refusal, run} from '../qemu-calls.ts';

type Params = Readonly<Record<string, string>>;

const put = (params: Params): unknown => refusal(call(clusterWith(), 'PUT', '/100/config', params));

function stored(params: Params, key: string): string | undefined {
  const cluster = clusterWith();
  expect(refusal(call(cluster, 'PUT', '/100/config', params))).toBe('200 OK');
  return guestOf(cluster, 100).config.get(key);
}

describe('a property string (PVE/JSONSchema.pm, parse_property_string)', () => {
  it.each(['on', 'yes', 'true'])('takes %s for a boolean with its name only', (word) => {
    expect(put({agent: word})).toEqual({
      agent:
        'invalid format - format error\n' +
        `agent.enabled: type check ('boolean') failed - got '${word}'\n`,
    });
    expect(stored({agent: `enabled=${word}`}, 'agent')).toBe(`enabled=${word}`);
  });

  it('may have its default key once without its name', () => {
    const twice = 'invalid format - duplicate key in comma-separated list property: enabled\n';
    expect(put({agent: '0,1'})).toEqual({agent: twice});
    expect(put({agent: 'enabled=1,1'})).toEqual({agent: twice});
    expect(stored({agent: 'enabled=0,1'}, 'agent')).toBe('enabled=0,1');
  });
});

describe('a config write (PVE/API2/Qemu.pm, PVE/QemuServer.pm)', () => {
  it.each([
    [{affinity: ''}, "500 only root can set 'affinity' config"],
    [
      {cpulimit: '1e2'},
      "500 unable to parse value of 'cpulimit' - type check ('number') failed - got '1e2'",
    ],
    [
      {cores: '+2'},
      "500 unable to parse value of 'cores' - type check ('integer') failed - got '+2'",
    ],
    [{scsi1: 'files:1 '}, "500 unable to parse directory volume name '1 '"],
    [
      {scsi1: 'files:vm-100-disk-0.qcow2'},
      "500 unable to parse directory volume name 'vm-100-disk-0.qcow2'",
    ],
    [{scsi1: 'files:100/../x.raw'}, "500 unable to parse volume filename '../x.raw'"],
    [{ide2: 'isos:iso/a.txt,media=cdrom'}, "500 unable to parse directory volume name 'iso/a.txt'"],
    [{scsi1: 'files:1,format=cloop'}, "500 unable to parse volume filename 'vm-100-disk-1.cloop'"],
    [
      {
        efidisk0:
          'files:0,import-from=files:100/vm-100-disk-0.qcow2,efitype=4m,pre-enrolled-keys=0',
      },
      "500 cannot import from 'files:100/vm-100-disk-0.qcow2' - " +
        'cloning from/to EFI disk requires EFI disk',
    ],
    [{sshkeys: '%'}, '500 SSH public key validation error'],
    [{sshkeys: 'ssh-rsa%20AAAA'}, '500 SSH public key validation error'],
    [
      {scsi1: 'files:0,import-from=files:100/vm-100-disk-7.qcow2'},
      "500 cannot import from 'files:100/vm-100-disk-7.qcow2' - " +
        'could not get size of files:100/vm-100-disk-7.qcow2',
    ],
  ])('%j is refused', (params, refused) => {
    expect(put(params)).toBe(refused);
  });

  it.each([
    [{scsi1: 'files:0'}, 'scsi1', 'files:100/vm-100-disk-1.raw,size=0T'],
    [{scsi1: 'files:0.001'}, 'scsi1', 'files:100/vm-100-disk-1.raw,size=1049K'],
    [{ide1: 'files:1,cyls=1'}, 'ide1', 'files:100/vm-100-disk-1.raw,cyls=1,size=1G'],
    [{cores: '02'}, 'cores', '2'],
    [{ciuser: '"bob"'}, 'ciuser', 'bob'],
    [{ide2: 'none,format=raw'}, 'ide2', undefined],
    [{digest: '0', cores: '2'}, 'cores', '2'],
    [{revert: 'cdrom'}, 'ide2', undefined],
    [{smp: '2'}, 'sockets', '2'],
    [{smp: '2'}, 'smp', undefined],
    [{vga: ''}, 'vga', ' '],
    [{sshkeys: ''}, 'sshkeys', undefined],
    [{nameserver: ''}, 'nameserver', ' '],
    [{efidisk0: 'none'}, 'efidisk0', undefined],
    [{efidisk0: 'none'}, 'boot', 'order=scsi0;net0'],
  ])('%j stores %s as %j', (params, key, text) => {
    expect(stored(params, key)).toBe(text);
  });

  it('of nothing but a place to unpack imports writes nothing', () => {
    const params = {'import-working-storage': 'files'};
    const answer = call(clusterWith(), 'POST', '/100/config', params);
    expect(refusal(answer)).toBe('500 no options specified');
  });

  it('that protection refuses leaves the boot order alone', () => {
    const cluster = clusterWith();
    guestOf(cluster, 100).config.set('protection', '1');
    expect(refusal(call(cluster, 'PUT', '/100/config', {delete: 'scsi0'}))).toBe(
      "500 can't remove drive 'scsi0' - protection mode enabled",
    );
    expect(guestOf(cluster, 100).pending.size).toBe(0);
  });

  it('of an empty CD drive cannot be plugged into SCSI', () => {
    const cluster = clusterWith();
    run(cluster, 'POST', '/100/status/start');
    expect(refusal(call(cluster, 'PUT', '/100/config', {scsi1: 'none,media=cdrom'}))).toEqual({
      scsi1: "hotplug problem - unable to parse volume ID 'none'\n",
    });
    expect(guestOf(cluster, 100).pending.get('scsi1')).toBe('none,media=cdrom');
  });
});

describe('the name of a slot', () => {
  it('has no leading zeros', () => {
    expect(put({bootdisk: 'scsi00'})).toEqual({
      bootdisk: "invalid format - invalid boot disk 'scsi00'\n",
    });
    expect(put({boot: 'order=scsi00'})).toEqual({
      boot:
        'invalid format - format error\n' +
        "boot.order: invalid format - invalid boot device 'scsi00'\n\n",
    });
  });
});

describe('what cloud-init does not know yet (PVE/API2/Qemu.pm, cloudinit_pending)', () => {
  it('is told as a number where the key is one', () => {
    const cluster = clusterWith();
    guestOf(cluster, 100).config.set('ciupgrade', '1');
    const {data} = call(cluster, 'GET', '/100/cloudinit');
    expect(data).toContainEqual({key: 'ciupgrade', value: 1});
  });
});

describe('a clone (PVE/API2/Qemu.pm, clone_vm)', () => {
  const cloned = (params: Params, config: Params): ReadonlyMap<string, string> => {
    const cluster = clusterWith();
    for (const [key, value] of Object.entries(config)) guestOf(cluster, 100).config.set(key, value);
    run(cluster, 'POST', '/100/clone', {newid: '200', ...params});
    return guestOf(cluster, 200).config;
  };

  it('keeps the description when the wished one is empty', () => {
    expect(cloned({description: ''}, {description: 'hello'}).get('description')).toBe('hello');
  });

  it('gives no generation id to a guest that wants none', () => {
    expect(cloned({}, {vmgenid: '0'}).get('vmgenid')).toBe('0');
  });

  it('says that its task failed for want of a volume, and which changes it leaves', () => {
    const cluster = clusterWith();
    const guest = guestOf(cluster, 100);
    guest.pending.set('cores', '4');
    guest.pendingDelete.set('boot', 'normal');
    const {log} = run(cluster, 'POST', '/100/clone', {newid: '200'});
    expect(log.at(-1)).toBe("found pending changes for 'cores,delete', discarding for clone");
    guest.config.set('scsi0', 'files:100/vm-100-disk-9.qcow2');
    expect(run(cluster, 'POST', '/100/clone', {newid: '201'}).status).toBe(
      "clone failed: volume 'files:100/vm-100-disk-9.qcow2' does not exist",
    );
  });
});

describe('a disk for another guest (PVE/API2/Qemu.pm, move_vm_disk)', () => {
  it('goes to no bus that does not know what is said of it', () => {
    const cluster = clusterWith();
    guestOf(cluster, 100).config.set('scsi0', 'files:100/vm-100-disk-0.qcow2,size=1G,ssd=1');
    run(cluster, 'POST', '', {vmid: '200'});
    const params = {disk: 'scsi0', 'target-vmid': '200', 'target-disk': 'virtio0'};
    expect(refusal(call(cluster, 'POST', '/100/move_disk', params))).toBe(
      '500 failed to parse source disk for target disk format - format error',
    );
  });
});

describe('an archive that is not there (PVE/Storage/Plugin.pm, parse_volname)', () => {
  it.each([
    ['files:backup/mine.vma', "500 volume 'files:backup/mine.vma' does not exist"],
    ['files:backup/mine.txt', "500 unable to parse directory volume name 'backup/mine.txt'"],
  ])('%s cannot be restored', (archive, refused) => {
    const answer = call(clusterWith(), 'POST', '', {vmid: '300', archive});
    expect(refusal(answer)).toBe(refused);
  });
});

describe('an entry of an IP set (PVE/Firewall.pm, pve_verify_ip_or_cidr_or_alias)', () => {
  it('that is no address is refused in the words for addresses', () => {
    const cluster = clusterWith();
    call(cluster, 'POST', '/100/firewall/ipset', {name: 'set'});
    expect(refusal(call(cluster, 'POST', '/100/firewall/ipset/set', {cidr: 'x'}))).toEqual({
      cidr: 'invalid format - value does not look like a valid IP address or CIDR network\n',
    });
  });
});

describe('a start (PVE/QemuServer.pm, config_to_command)', () => {
  it.each([
    [
      {machine: 'pc-i440fx-99.0'},
      "Installed QEMU version '10.0.2' is too old to run machine type 'pc-i440fx-99.0+pve0', " +
        "please upgrade node 'pve1'",
    ],
    [{scsi0: 'off:100/vm-100-disk-0.qcow2'}, "storage 'off' is disabled"],
  ])('%j fails', (config, text) => {
    const cluster = clusterWith();
    const files = cluster.storages.get('other');
    if (files !== undefined) cluster.storages.set('off', {...files, id: 'off', disabled: true});
    for (const [key, value] of Object.entries(config)) guestOf(cluster, 100).config.set(key, value);
    expect(run(cluster, 'POST', '/100/status/start').status).toBe(text);
  });
});

describe('a creation (PVE/API2/Qemu.pm, create_vm)', () => {
  it.each([
    [{ide0: 'cdrom'}, '500 Only root can pass arbitrary filesystem paths. at'],
    [{scsi1: 'cdrom'}, '500 Only root can pass arbitrary filesystem paths. at'],
  ])('%j is refused', (params, refused) => {
    expect(refusal(call(clusterWith(), 'POST', '', {vmid: '300', ...params}))).toContain(refused);
  });

  it('refuses sub-keys of a disk on a CD before it looks at the volume', () => {
    const params = {vmid: '300', virtio0: 'files:1,media=cdrom'};
    expect(refusal(call(clusterWith(), 'POST', '', params))).toEqual({
      virtio0: 'unable to parse drive options',
    });
  });

  it.each([
    [{ciuser: 'b\nb'}, "unable to parse value of 'ciuser' - property contains a line feed"],
    [{cpulimit: '1e2'}, "unable to parse value of 'cpulimit' - type check ('number') failed"],
    [
      {efidisk0: 'none'},
      "unable to parse value of 'efidisk0' - format error media: property is not defined in schema",
    ],
  ])('%j fails in its task and leaves nothing', (params, text) => {
    const cluster = clusterWith();
    const {status} = run(cluster, 'POST', '', {vmid: '300', scsi0: 'files:1', ...params});
    expect(status).toContain(`unable to create VM 300 - ${text}`);
    expect([...cluster.volumes.keys()].some((key) => key.includes('vm-300'))).toBe(false);
    expect(cluster.guests.has(300)).toBe(false);
  });

  it('keeps what is empty as a blank, but for what has a default', () => {
    const cluster = clusterWith();
    run(cluster, 'POST', '', {
      vmid: '300',
      ciuser: '',
      vga: '',
      boot: '',
      smbios1: '',
      scsi0: 'files:1',
    });
    const {config} = guestOf(cluster, 300);
    expect(['ciuser', 'vga', 'boot'].map((key) => config.get(key))).toEqual([
      ' ',
      ' ',
      'order=scsi0',
    ]);
    expect(config.get('smbios1')).toMatch(/^uuid=/);
  });

  it('says which slot of which guest an image is copied from, and how a VMDK is made', () => {
    const source = 'files:100/vm-100-disk-0.qcow2';
    const params = {
      vmid: '300',
      scsi0: `files:0,import-from=${source}`,
      scsi1: 'files:1,format=vmdk',
    };
    const {log} = run(clusterWith(), 'POST', '', params);
    expect(log).toContain(`create full clone of drive scsi0 (${source})`);
    expect(log).toContain(
      "Formatting '/srv/files/images/300/vm-300-disk-1.vmdk', fmt=vmdk size=1073741824 " +
        'compat6=off hwversion=undefined',
    );
  });
});

describe('a guest that is not there (PVE/QemuServer.pm, check_running)', () => {
  const missing = "unable to find configuration file for VM 999 on node 'pve1'";

  it.each(['reboot', 'reset', 'suspend', 'resume'])('cannot %s', (action) => {
    const answer = call(clusterWith(), 'POST', `/999/status/${action}`);
    expect(refusal(answer)).toBe(`500 ${missing}`);
  });

  it.each(['stop', 'shutdown'])('lets the task of %s fail', (action) => {
    expect(run(clusterWith(), 'POST', `/999/status/${action}`).status).toBe(missing);
  });

  it('has no features', () => {
    const answer = call(clusterWith(), 'GET', '/999/feature', {feature: 'clone'});
    expect(refusal(answer)).toBe(`500 ${missing}`);
  });
});

describe('a running guest under a lock', () => {
  it('is not asked to reboot', () => {
    const cluster = clusterWith();
    run(cluster, 'POST', '/100/status/start');
    guestOf(cluster, 100).config.set('lock', 'backup');
    expect(run(cluster, 'POST', '/100/status/reboot').status).toBe('VM is locked (backup)');
  });
});

describe('a resize (PVE/API2/Qemu.pm, resize_vm)', () => {
  it('grows the image by whole KiB and writes down what was asked', () => {
    const cluster = clusterWith();
    const grow = (size: string): unknown => {
      run(cluster, 'PUT', '/100/resize', {disk: 'scsi0', size});
      return guestOf(cluster, 100).config.get('scsi0');
    };
    expect(grow('+1')).toBe('files:100/vm-100-disk-0.qcow2,size=1073741825');
    expect(grow('+1G')).toBe('files:100/vm-100-disk-0.qcow2,size=2097153K');
  });
});

describe('an unused volume named while the guest runs (PVE/QemuServer.pm)', () => {
  it('waits until the guest stops, even though a drive has the volume', () => {
    const cluster = clusterWith();
    run(cluster, 'POST', '/100/status/start');
    const volid = 'files:100/vm-100-disk-0.qcow2';
    expect(call(cluster, 'PUT', '/100/config', {unused2: volid}).status).toBe(200);
    expect(guestOf(cluster, 100).pending.get('unused2')).toBe(volid);
    expect(guestOf(cluster, 100).config.has('unused2')).toBe(false);
  });
});
