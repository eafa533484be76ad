// Why this exists: what is called, with which parameters and guards, is what people approve.
import {describe, expect, it} from 'vitest';
import type {Body} from '../../core/model.ts';
import {
  CONFIG,
  changesTo,
  DIGEST,
  desiredOf,
  lines,
  observedOf,
  pendingAnswer,
  requestOf,
  type World,
} from './samples.ts';
import {steps} from './steps.ts';

function update(to: Body, world: World = {}, desired: Parameters<typeof desiredOf>[0] = {}) {
  const observed = observedOf(world);
  return steps(
    requestOf('update', {world, changes: changesTo(to, observed), desired: desiredOf(desired)}),
  );
}

/** Without that of what a start needs, which no test here reads. */
const findings = (answer: ReturnType<typeof steps>) =>
  answer.findings.filter(({detail}) => !/not looked at/.test(detail)).map(({reason}) => reason);

describe('an update', () => {
  it('writes plain keys in one call with the digest of the plan', () => {
    const answer = update(
      {'cpu.limit': 1.5, onboot: true, tags: ['b', 'a'], shares: null},
      {
        config: {...CONFIG, shares: 500},
      },
    );
    expect(lines(answer.steps)).toEqual([
      'PUT /150/config cpulimit=1.5 onboot=1 tags=b;a delete=shares @plan',
    ]);
    expect(answer.steps[0]?.guard).toEqual({
      vmid: 150,
      node: 'pve1',
      state: 'ours',
      witness: '3f0a1d5e-0000-4000-8000-000000000150',
      digest: DIGEST,
      power: 'running',
    });
  });

  it('carries the MAC and every undeclared sub-key into the write of a card', () => {
    const answer = update({'networks.net0.tag': 70});
    expect(lines(answer.steps)).toEqual([
      'PUT /150/config net0=virtio=BC:24:11:00:01:50,bridge=vmbr0,firewall=1,tag=70 @plan',
    ]);
  });

  it('keeps the marker in each write of the description', () => {
    const answer = update({description: 'Graph database'});
    expect(lines(answer.steps)[0]).toContain(
      'description=Graph database\n<!-- pvegit/v1 installation=home cluster=harness vmid=150 -->',
    );
    const empty = update({description: null}, {config: {...CONFIG, description: 'x'}});
    expect(lines(empty.steps)[0]).toContain('description=<!-- pvegit/v1 installation=home');
  });

  it('detaches first, then writes, grows, allocates, orders the boot, and starts last', () => {
    const world: World = {
      status: 'stopped',
      config: {
        ...CONFIG,
        scsi1: 'local-lvm:vm-150-disk-1,size=4G',
        net1: 'virtio=BC:24:11:00:01:51',
      },
    };
    const spec = {disks: {scsi2: {storage: 'local-lvm', size: '8GiB', ssd: true}}};
    const to: Body = {
      'boot.order': ['scsi2'],
      'cpu.cores': 4,
      'disks.scsi0.discard': true,
      'disks.scsi0.size': 2 ** 36,
      'disks.scsi1': null,
      'disks.scsi2': true,
      'networks.net1': null,
      power: 'running',
    };
    expect(lines(update(to, world, spec).steps)).toEqual([
      'PUT /150/config delete=net1 @plan',
      'PUT /150/config delete=scsi1 @chain',
      'PUT /150/config cores=4 @chain',
      'PUT /150/config scsi0=local-lvm:vm-150-disk-0,iothread=1,size=32G,discard=on @chain',
      'PUT /150/resize disk=scsi0 size=64G @chain',
      'POST /150/config scsi2=local-lvm:8,ssd=1 @chain',
      'PUT /150/config boot=order=scsi2 @chain',
      'POST /150/status/start',
    ]);
  });

  it('stops and starts a running guest for what is not hot-plugged, power last', () => {
    expect(lines(update({'cpu.cores': 4}).steps)).toEqual([
      'PUT /150/config cores=4 @plan',
      'POST /150/status/shutdown timeout=180 forceStop=1',
      'POST /150/status/start',
    ]);
  });

  it('waits for the shutdown as long as the guest’s startup says', () => {
    const world = {config: {...CONFIG, startup: 'order=1,down=30'}};
    expect(lines(update({'cpu.cores': 4}, world).steps)[1]).toContain('timeout=30');
  });

  it('only cycles for what is already written and pending', () => {
    const world: World = {config: {...CONFIG, cores: 2}, pending: {cores: 4}};
    expect(lines(update({'cpu.cores': 4}, world).steps)).toEqual([
      'POST /150/status/shutdown timeout=180 forceStop=1',
      'POST /150/status/start',
    ]);
  });

  it('reverts a pending change when what is in force is wanted', () => {
    const world: World = {config: {...CONFIG, cores: 2}, pending: {cores: 4, bios: 'ovmf'}};
    const answer = update({'cpu.cores': 2, 'config.bios': null}, world);
    expect(lines(answer.steps)).toEqual(['PUT /150/config revert=cores,bios @plan']);
  });

  it('20: writes a pending drive string again after it grew', () => {
    const world: World = {
      pending: {scsi0: 'local-lvm:vm-150-disk-0,cache=writeback,iothread=1,size=32G'},
    };
    expect(lines(update({'disks.scsi0.size': 2 ** 36}, world).steps)).toEqual([
      'PUT /150/resize disk=scsi0 size=64G @plan',
      'PUT /150/config scsi0=local-lvm:vm-150-disk-0,cache=writeback,iothread=1,size=64G @chain',
    ]);
  });

  it('19: refuses to make a disk smaller', () => {
    const answer = update({'disks.scsi0.size': 2 ** 30});
    expect(findings(answer)).toEqual(['shrink']);
    expect(answer.steps).toEqual([]);
  });

  it('copies a disk to another storage and keeps the old volume', () => {
    const answer = update({'disks.scsi0.storage': 'ceph'});
    expect(lines(answer.steps)).toEqual([
      'POST /150/move_disk disk=scsi0 storage=ceph delete=0 @plan',
    ]);
  });

  it('deletes a quarantined volume by its key alone, and names what is lost', () => {
    const world = {config: {...CONFIG, unused0: 'local-lvm:vm-150-disk-7'}};
    const answer = update({'unused.unused0': null}, world);
    expect(lines(answer.steps)).toEqual(['PUT /150/config delete=unused0 @plan']);
    expect(answer.facts).toEqual({volumes: ['local-lvm:vm-150-disk-7']});
  });

  it('attaches an own volume again, and refuses another guest’s and one that is in use', () => {
    const world = {config: {...CONFIG, unused0: 'local-lvm:vm-150-disk-1'}};
    const own = {disks: {scsi1: {file: 'local-lvm:vm-150-disk-1', ssd: true}}};
    expect(lines(update({'disks.scsi1': true}, world, own).steps)).toEqual([
      'PUT /150/config scsi1=local-lvm:vm-150-disk-1,ssd=1 @plan',
    ]);
    const used = {disks: {scsi1: {file: 'local-lvm:vm-150-disk-0'}}};
    expect(findings(update({'disks.scsi1': true}, world, used))).toEqual(['in-use']);
  });

  it('does not put a disk into a slot that holds something', () => {
    const world = {config: {...CONFIG, ide2: 'none,media=cdrom'}};
    const spec = {disks: {ide2: {storage: 'local-lvm', size: '4GiB'}}};
    expect(findings(update({'disks.ide2': true}, world, spec))).toEqual(['in-use']);
  });

  it('takes no disk out of a protected guest', () => {
    const world = {config: {...CONFIG, protection: 1}};
    expect(findings(update({'disks.scsi0': null}, world))).toEqual(['protected']);
  });

  it('writes the cloud-init drive again when its data changed and there is one', () => {
    const drive = {config: {...CONFIG, ide2: 'local-lvm:vm-150-cloudinit,media=cdrom'}};
    expect(lines(update({'cloudInit.user': 'dmg'}, drive).steps)).toEqual([
      'PUT /150/config ciuser=dmg @plan',
      'PUT /150/cloudinit',
    ]);
    expect(lines(update({'cloudInit.user': 'dmg'}).steps)).toHaveLength(1);
  });

  it('moves a cloud-init drive by taking it out first, since only one may exist', () => {
    const world: World = {
      status: 'stopped',
      config: {...CONFIG, ide2: 'local-lvm:vm-150-cloudinit,media=cdrom'},
    };
    const spec = {cloudInit: {drive: {slot: 'scsi1', storage: 'local-lvm'}}};
    expect(lines(update({'cloudInit.drive.slot': 'scsi1'}, world, spec).steps)).toEqual([
      'PUT /150/config delete=ide2 @plan',
      'POST /150/config scsi1=local-lvm:cloudinit @chain',
    ]);
  });

  it('10: sends a password as a reference, and never expects to read it', () => {
    const ref = {secretRef: {name: 'harness', key: 'p'}};
    const answer = update({'cloudInit.password': ref});
    expect(lines(answer.steps)).toEqual(['PUT /150/config cipassword=(secret) @plan']);
    expect(JSON.stringify(answer.steps[0])).not.toContain('"expect":{"cloudInit.password"');
  });

  it('32: leaves power, migration and deletion of an HA-managed guest alone', () => {
    const world = {guest: {hastate: 'started'}};
    expect(findings(update({power: 'stopped'}, world))).toEqual(['ha-managed']);
    expect(findings(update({onboot: true}, world))).toEqual([]);
    expect(findings(steps(requestOf('delete', {world})))).toEqual(['ha-managed']);
  });

  it('24: says which lock is in the way', () => {
    const answer = update({onboot: true}, {config: {...CONFIG, lock: 'backup'}});
    expect(answer.findings).toEqual([
      {reason: 'locked', detail: 'it is locked by Proxmox (backup)'},
    ]);
  });

  it('36: says that only root@pam may take a key out', () => {
    const world = {config: {...CONFIG, args: '-foo'}};
    expect(findings(update({'config.args': null}, world))).toEqual(['root-only']);
  });
});

describe('a migration', () => {
  it('is online with local disks for a running guest, offline for a stopped one', () => {
    expect(lines(update({node: 'pve2'}).steps)).toEqual([
      'POST /150/migrate target=pve2 online=1 with-local-disks=1',
    ]);
    expect(lines(update({node: 'pve2'}, {status: 'stopped'}).steps)).toEqual([
      'POST /150/migrate target=pve2',
    ]);
  });

  it.for<{readonly config: Readonly<Record<string, string>>; readonly reason: string}>([
    {config: {ide2: 'local:iso/a.iso,media=cdrom'}, reason: 'ide2 holds a CD that only pve1 has'},
    {config: {hostpci0: '0000:01:00.0'}, reason: 'hostpci0 is a device of pve1'},
    {config: {usb0: 'host=1234:5678'}, reason: 'usb0 is a device of pve1'},
    {config: {serial0: '/dev/ttyS0'}, reason: 'serial0 is a device of pve1'},
    {
      config: {scsi1: 'fast:vm-150-disk-9,size=1G'},
      reason: 'pve2 has no storage fast, where scsi1 is',
    },
    {
      config: {scsi1: 'local-lvm:base-100-disk-0/vm-150-disk-9,size=1G'},
      reason: 'scsi1 is a linked clone of guest 100',
    },
  ])('is refused: $reason', ({config, reason}) => {
    const more = [{type: 'storage', node: 'pve1', storage: 'fast', plugintype: 'lvmthin'}];
    const answer = update({node: 'pve2'}, {config: {...CONFIG, ...config}, more});
    expect(answer.findings).toEqual([{reason: 'in-use', detail: reason, fields: ['node']}]);
  });

  it('is held where a storage is not in the list, which proves nothing', () => {
    const config = {...CONFIG, unused0: 'hidden:vm-150-disk-9'};
    const answer = update({node: 'pve2'}, {config});
    expect(findings(answer)).toEqual(['incomplete']);
    expect(answer.findings[0]?.detail).toMatch(/unused0 is, .*Datastore.Audit/);
  });

  it('goes to a node that is there and online only', () => {
    expect(findings(update({node: 'pve9'}))).toContain('in-use');
    const offline = {more: [{type: 'node', node: 'pve3', status: 'offline'}]};
    expect(findings(update({node: 'pve3'}, offline))).toContain('waiting');
  });
});

describe('a delete', () => {
  it('shuts down, then destroys the guest with its own volumes only', () => {
    const world = {config: {...CONFIG, unused0: 'local-lvm:vm-150-disk-3'}};
    const answer = steps(requestOf('delete', {world}));
    expect(lines(answer.steps)).toEqual([
      'POST /150/status/shutdown timeout=180 forceStop=1',
      'DELETE /150 purge=0 destroy-unreferenced-disks=0',
    ]);
    expect(answer.facts).toEqual({
      power: 'running',
      volumes: [
        {volid: 'local-lvm:vm-150-disk-0', size: '32G'},
        {volid: 'local-lvm:vm-150-disk-3', size: null},
      ],
    });
  });

  it('is refused while protection is on, and while others stand on its disks', () => {
    const world: World = {
      status: 'stopped',
      config: {...CONFIG, protection: 1},
      reads: {
        '/nodes/pve1/qemu/151/pending': pendingAnswer({
          scsi0: 'local-lvm:base-150-disk-0/vm-151-disk-0,size=1G',
        }),
      },
    };
    const answer = steps(requestOf('delete', {world}));
    expect(findings(answer)).toEqual(['protected', 'in-use']);
  });
});

describe('adoption and release', () => {
  const words = '# Hand-made\n\nby Eve';

  it('writes the marker and nothing else', () => {
    const world = {config: {...CONFIG, description: words}};
    const answer = steps(requestOf('adopt', {world}));
    expect(lines(answer.steps)).toEqual([
      `PUT /150/config description=${words}\n${CONFIG['description']} @plan`,
    ]);
    expect(answer.steps[0]?.guard.state).toBe('unmarked');
    expect(answer.writes).toEqual([]);
  });

  it('takes the marker off and nothing else', () => {
    const world = {config: {...CONFIG, description: `${words}\n${CONFIG['description']}`}};
    expect(lines(steps(requestOf('release', {world})).steps)).toEqual([
      `PUT /150/config description=${words} @plan`,
    ]);
    expect(lines(steps(requestOf('release')).steps)).toEqual([
      'PUT /150/config delete=description @plan',
    ]);
  });
});
