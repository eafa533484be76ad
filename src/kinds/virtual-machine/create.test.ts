// Why this exists: a guest that comes to exist is marked from its first moment, and starts only
// when nothing is left to be done.
import {describe, expect, it} from 'vitest';
import type {Json} from '../../core/json.ts';
import {desiredOf, lines, pendingAnswer, requestOf, type World} from './samples.ts';
import {steps} from './steps.ts';

type Entry = Readonly<Record<string, Json>>;

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

  describe('33: of a template on another node', () => {
    const storage = (node: string, name: string, plugintype = 'lvmthin', shared = 0) => {
      return {type: 'storage', node, storage: name, plugintype, content: 'images', shared};
    };

    function away(clone: Entry, more: readonly Entry[] = [], disk = 'local-lvm:base-100-disk-0') {
      const from = world();
      const config = {...TEMPLATE, scsi0: `${disk},size=4G`, ide2: 'none,media=cdrom'};
      const reads = {'/nodes/pve1/qemu/100/pending': pendingAnswer(config)};
      const answer = create(
        {node: 'pve2', power: 'running', cpu: {cores: 4}, clone},
        {...from, more: [...(from.more ?? []), ...more], reads},
      );
      return {...answer, calls: lines(answer.steps), says: answer.findings};
    }

    it('on storage that both nodes share is one call', () => {
      const both = [storage('pve1', 'ceph', 'rbd', 1), storage('pve2', 'ceph', 'rbd', 1)];
      const {calls, says, steps: list} = away({vmid: 100}, both, 'ceph:base-100-disk-0');
      expect(calls[0]).toContain('full=0 target=pve2');
      expect(calls.join()).not.toContain('migrate');
      expect(list[0]?.guard.node).toBe('pve2');
      expect(says).toEqual([]);
    });

    it('on local storage is cloned there and moved before anything else', () => {
      const {calls, says, steps: list, loads} = away({vmid: 100, full: true});
      expect(calls.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
        'POST /100/clone',
        'POST /150/migrate',
        'PUT /nodes/pve2/qemu/150/config',
        'POST /nodes/pve2/qemu/150/status/start',
      ]);
      expect(calls[1]).toBe('POST /150/migrate target=pve2');
      expect(list.map(({guard}) => guard.node)).toEqual(['pve1', 'pve1', 'pve2', 'pve2']);
      expect(says).toEqual([]);
      expect(loads).toEqual(['task:pve1', 'task:pve2', 'clone:local-lvm']);
    });

    it('goes by the move to a storage that only the other node has', () => {
      const {calls, says} = away({vmid: 100, full: true, storage: 'big'}, [storage('pve2', 'big')]);
      expect(calls[0]).not.toContain('storage=');
      expect(calls[1]).toBe('POST /150/migrate target=pve2 targetstorage=big');
      expect(says).toEqual([]);
    });

    it('goes by the clone to a storage that both have, and by the move to its twin', () => {
      const both = [storage('pve1', 'big'), storage('pve2', 'big')];
      const {calls, says} = away({vmid: 100, full: true, storage: 'big'}, both);
      expect(calls[0]).toContain('full=1 storage=big');
      expect(calls[1]).toBe('POST /150/migrate target=pve2');
      expect(says).toEqual([]);
    });

    it('copies nothing twice onto a storage that is shared', () => {
      const both = [storage('pve1', 'ceph', 'rbd', 1), storage('pve2', 'ceph', 'rbd', 1)];
      const {calls, says} = away({vmid: 100, full: true, storage: 'ceph'}, both);
      expect(calls[0]).toContain('storage=ceph');
      expect(calls[1]).toBe('POST /150/migrate target=pve2');
      expect(says).toEqual([]);
    });

    it.for<{clone: Entry; more?: readonly Entry[]; disk?: string; says: RegExp}>([
      {clone: {vmid: 100, full: false}, says: /waiting: a linked clone stays .*full: true/},
      {clone: {vmid: 100}, says: /waiting: a linked clone stays .*full: true/},
      {
        clone: {vmid: 100, full: true},
        more: [storage('pve1', 'fast'), storage('pve2', 'big')],
        disk: 'fast:base-100-disk-0',
        says: /in-use: pve2 has no storage fast .*clone.storage \(it has big, local-lvm\)/,
      },
      {
        clone: {vmid: 100, full: true, storage: 'tank'},
        more: [storage('pve2', 'tank', 'zfspool')],
        says: /in-use: .*no volume goes from lvmthin \(local-lvm\) to zfspool \(tank\)/,
      },
      {
        clone: {vmid: 100, full: true, storage: 'big'},
        more: [storage('pve1', 'files', 'dir'), storage('pve2', 'big')],
        disk: 'files:100/base-100-disk-0.qcow2',
        says: /in-use: .*no qcow2 goes from dir \(files\) to lvmthin \(big\)/,
      },
      {
        clone: {vmid: 100, full: true},
        more: [storage('pve1', 'san', 'iscsidirect'), storage('pve2', 'san', 'iscsidirect')],
        disk: 'san:base-100-disk-0',
        says: /in-use: .*volumes of a storage of type iscsidirect are not copied/,
      },
      {
        clone: {vmid: 100, full: true},
        disk: 'hidden:base-100-disk-0',
        says: /incomplete: .*hidden is shared is not known; the token needs Datastore.Audit/,
      },
    ])('is told why not, and what would help: $says', ({clone, more, disk, says}) => {
      const answer = away(clone, more, disk);
      expect(answer.says.map(({reason, detail}) => `${reason}: ${detail}`)).toEqual([
        expect.stringMatching(says),
      ]);
    });
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
