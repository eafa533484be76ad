// Why this exists: a guest that comes to exist is marked from its first moment, and starts only
// when nothing is left to be done.
import {describe, expect, it} from 'vitest';
import {desiredOf, lines, pendingAnswer, requestOf, type World} from './samples.ts';
import {steps} from './steps.ts';

const findings = (answer: ReturnType<typeof steps>) => answer.findings.map(({reason}) => reason);

const MARKER = '<!-- pvegit/v1 installation=home cluster=harness vmid=150 -->';

describe('a create', () => {
  const TEMPLATE = {
    name: 'ubuntu-24.04',
    cores: 2,
    memory: '2048',
    protection: 1,
    tags: 'golden',
    ide2: 'local-lvm:vm-100-cloudinit,media=cdrom,size=4M',
    net0: 'virtio=BC:24:11:00:01:00,bridge=vmbr0,firewall=1',
    scsi0: 'local-lvm:base-100-disk-0,size=4G',
    description: 'Golden image\n<!-- pvegit/v1 installation=home cluster=harness vmid=100 -->',
    smbios1: 'uuid=5f1d0f3a-0000-4000-8000-000000000100',
  };

  function world(template: Readonly<Record<string, string | number>> = TEMPLATE): World {
    return {
      config: null,
      more: [{type: 'qemu', vmid: 100, node: 'pve1', status: 'stopped', template: 1}],
      reads: {'/nodes/pve1/qemu/100/pending': pendingAnswer(template)},
    };
  }

  function create(spec: Parameters<typeof desiredOf>[0], from: World = world()) {
    return steps(requestOf('create', {world: from, desired: desiredOf(spec)}));
  }

  it('clones with the marker in the cloning call, then writes what can be foreseen', () => {
    const answer = create({
      power: 'running',
      pool: 'team',
      clone: {vmid: 100, full: true, storage: 'fast'},
      cpu: {cores: 4},
      memory: '4GiB',
      disks: {scsi0: {size: '16GiB'}, scsi1: {storage: 'fast', size: '8GiB'}},
      networks: {net0: {bridge: 'vmbr1', tag: 70}},
      protection: false,
      tags: ['database'],
      onboot: null,
    });
    expect(lines(answer.steps)).toEqual([
      'POST /100/clone newid=150 name=neo4j-db description=Golden image\n' +
        `${MARKER} full=1 storage=fast pool=team`,
      'PUT /150/config cores=4 memory=4096 ' +
        'net0=virtio,bridge=vmbr1,firewall=1,tag=70 protection=0 tags=database @chain',
      'PUT /150/resize disk=scsi0 size=16G @chain',
      'POST /150/config scsi1=fast:8 @chain',
      'POST /150/status/start',
    ]);
    expect(answer.steps[0]?.guard).toMatchObject({vmid: 150, state: 'absent', witness: null});
    expect(answer.loads).toEqual(['task:pve1', 'clone:fast']);
    expect(answer.later).toEqual([]);
  });

  it('leaves options of a cloned disk, and so the start, to the next pass', () => {
    const answer = create({
      power: 'running',
      clone: {vmid: 100},
      disks: {scsi0: {discard: true}},
    });
    expect(lines(answer.steps)).toHaveLength(1);
    expect(answer.later).toEqual(['disks.scsi0.discard', 'power']);
  });

  it('lifts an inherited protection before it takes a disk out', () => {
    const answer = create({clone: {vmid: 100}, disks: {scsi0: null}, protection: null});
    expect(lines(answer.steps).slice(1)).toEqual([
      'PUT /150/config delete=protection @chain',
      'PUT /150/config delete=scsi0 @chain',
    ]);
  });

  it('19: refuses a disk that is smaller than the template’s', () => {
    expect(findings(create({clone: {vmid: 100}, disks: {scsi0: {size: '2GiB'}}}))).toEqual([
      'shrink',
    ]);
  });

  it('33: says why a template on another node with local storage cannot be cloned', () => {
    const answer = create({node: 'pve2', clone: {vmid: 100}});
    expect(answer.findings).toEqual([
      {
        reason: 'waiting',
        detail: 'template 100 is on pve1, on storage that pve2 cannot see',
      },
    ]);
  });

  it('clones to another node when the template’s storage is shared', () => {
    const from = world();
    const more = [
      ...(from.more ?? []),
      {type: 'storage', node: 'pve1', storage: 'ceph', shared: 1},
    ];
    const config = {...TEMPLATE, scsi0: 'ceph:base-100-disk-0,size=4G', ide2: 'none,media=cdrom'};
    const reads = {'/nodes/pve1/qemu/100/pending': pendingAnswer(config)};
    const answer = create({node: 'pve2', clone: {vmid: 100}}, {...from, more, reads});
    expect(lines(answer.steps)[0]).toContain('target=pve2');
    expect(answer.findings).toEqual([]);
  });

  it('waits for a template that is not there, locked or could not be read', () => {
    expect(findings(create({clone: {vmid: 101}}))).toEqual(['waiting']);
    expect(findings(create({clone: {vmid: 100}}, world({...TEMPLATE, lock: 'clone'})))).toEqual([
      'waiting',
    ]);
    expect(findings(create({clone: {vmid: 100}}, {...world(), reads: {}}))).toEqual(['incomplete']);
  });

  it('makes an empty guest in one call, its password by itself', () => {
    const answer = create(
      {
        empty: {},
        power: 'running',
        memory: '1GiB',
        disks: {scsi0: {storage: 'local-lvm', size: '8GiB', discard: true}},
        networks: {net0: {model: 'virtio', bridge: 'vmbr0', firewall: false}},
        cloudInit: {
          drive: {slot: 'ide2', storage: 'local-lvm'},
          password: {secretRef: {name: 'h', key: 'p'}},
        },
        cdroms: {ide0: {file: 'none'}},
        efi: {storage: 'local-lvm', efitype: '4m'},
        tpm: {storage: 'local-lvm', version: 'v2.0'},
        config: {ostype: 'l26', rng0: {source: '/dev/urandom'}},
        description: 'Made from nothing',
      },
      {config: null},
    );
    expect(lines(answer.steps)).toEqual([
      'POST  vmid=150 description=Made from nothing\n' +
        '<!-- pvegit/v1 installation=home cluster=harness vmid=150 --> memory=1024 ' +
        'net0=virtio,bridge=vmbr0,firewall=0 ostype=l26 rng0=/dev/urandom name=neo4j-db ' +
        'ide0=none,media=cdrom ide2=local-lvm:cloudinit scsi0=local-lvm:8,discard=on ' +
        'efidisk0=local-lvm:1,efitype=4m tpmstate0=local-lvm:1,version=v2.0',
      'PUT /150/config cipassword=(secret) @chain',
      'POST /150/status/start',
    ]);
  });

  it('imports an image and grows it', () => {
    const answer = create(
      {
        image: {file: 'local:import/noble.qcow2', disk: 'scsi0'},
        disks: {scsi0: {storage: 'local-lvm', size: '32GiB'}},
      },
      {config: null},
    );
    expect(lines(answer.steps)).toEqual([
      'POST  vmid=150 description=<!-- pvegit/v1 installation=home cluster=harness vmid=150 --> ' +
        'name=neo4j-db scsi0=local-lvm:0,import-from=local:import/noble.qcow2',
      'PUT /150/resize disk=scsi0 size=32G @chain',
    ]);
  });

  it('does nothing when the manifest does not say how', () => {
    const answer = create({}, {config: null});
    expect(findings(answer)).toEqual(['waiting']);
    expect(answer.steps).toEqual([]);
  });
});
