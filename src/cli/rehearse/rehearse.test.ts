// Why this exists: a rehearsal is worth what it covers: every declared field must turn up in a
// request, and what a release does not know must be found on its line.
import {afterEach, describe, expect, it} from 'vitest';
import {revisionOf} from '../../../test/builders/revision.ts';
import {type Desk, openDesk} from '../../../test/builders/terminal.ts';
import type {Plan} from '../../core/action.ts';
import type {Manifests, ResourceKind} from '../../core/kind.ts';
import {kinds} from '../../kinds/index.ts';
import {readManifests} from '../../manifest/read.ts';
import {callsOf, type Rehearsal, rehearse} from './calls.ts';

const WEB = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: web}
spec:
  vmid: 150
  node: pve1
  pool: web
  power: running
  clone: {vmid: 100, full: true}
  cpu: {cores: 2}
  memory: 4GiB
  disks:
    scsi0: {storage: fast, size: 32GiB, ssd: true}
    scsi1: {storage: slow, size: 8GiB}
  networks:
    net0: {model: virtio, bridge: vmbr1}
  cloudInit:
    user: dmg
  efi: {storage: fast, efitype: 4m}
`;

const HEAD = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: other}
spec:
  vmid: 151
  node: pve1
`;

function rehearsed(text: string): Rehearsal {
  const manifests: Manifests = readManifests({revision: revisionOf({'web.yaml': text}), kinds});
  expect(manifests.diagnostics).toEqual([]);
  return rehearse({
    manifests,
    kinds: kinds.filter((kind): kind is ResourceKind => kind.role === 'resource'),
    installation: 'home',
    cluster: 'home',
    release: '8.4',
    real: null,
  });
}

/** `METHOD path key=value …` of every request. */
function requests({calls}: Rehearsal): string {
  const lines = calls.map(({call: {method, path, params}}) => {
    const words = Object.entries(params).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    return [method, path, ...words].join(' ');
  });
  return lines.join('\n');
}

describe('a rehearsal', () => {
  it('creates, changes every declared field, and deletes', () => {
    const said = requests(rehearsed(WEB));
    for (const part of [
      'POST /nodes/pve1/qemu/100/clone newid=150',
      'cores="2"',
      'memory="4096"',
      'ciuser="dmg"',
      'disk="scsi0" size="32G"',
      'scsi1="slow:',
      'ssd=1',
      'bridge=vmbr1',
      'efidisk0="fast:1',
      'POST /nodes/pve1/qemu/150/status/start',
      'PUT /pools',
      'DELETE /nodes/pve1/qemu/150',
    ]) {
      expect(said).toContain(part);
    }
  });

  it('stops what runs before it is deleted', () => {
    const said = requests(rehearsed(WEB.replace('running', 'stopped')));
    expect(said).toContain('/qemu/150/status/shutdown');
  });

  it('knows what is read, too', () => {
    const paths = rehearsed(WEB).reads.map(({call}) => call.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        '/nodes/pve1/qemu/100/pending',
        '/nodes/pve1/qemu/150/pending',
        '/nodes/pve1/qemu/150/snapshot',
      ]),
    );
  });

  it('does not retain what it may not destroy', () => {
    const kept = WEB.replace('{name: web}', '{name: web, annotations: {pvegit/on-delete: retain}}');
    expect(requests(rehearsed(kept))).not.toContain('DELETE');
  });
});

describe('validate --target', () => {
  let desk: Desk;
  afterEach(() => desk.end());

  it('says that nothing breaks', async () => {
    desk = openDesk({'web.yaml': WEB});
    for (const release of ['8.4', '9.1']) {
      const {code, out} = await desk.run(['validate', '--target', release]);
      expect(out).toMatch(new RegExp(`Nothing breaks on Proxmox VE ${release}: \\d+ requests`));
      expect(code).toBe(0);
    }
  });

  it('says on which line a release does not follow', async () => {
    desk = openDesk({'web.yaml': `${WEB}  config:\n    allow-ksm: false\n`});
    const {code, out} = await desk.run(['validate', '--target', '8.4']);
    expect(code).toBe(1);
    expect(out).toContain('web.yaml:21: breaks allow-ksm is not known to Proxmox VE 8.4');
    expect(out).toContain('1 thing would break on Proxmox VE 8.4');
    const newer = await desk.run(['validate', '--target', '9.1', '--json']);
    expect(newer.code).toBe(0);
    expect(JSON.parse(newer.out).target).toMatchObject({release: '9.1', problems: []});
  });

  it.each([
    ['cpu', '  cpu: {type: host, guest-phys-bits: 40}', 'cpu has guest-phys-bits'],
    ['hostpci0', '  config: {hostpci0: "mapping=card,driver=keep"}', 'hostpci0 has driver'],
  ])('finds a sub-key of %s that only 9.x knows', async (_key, line, says) => {
    desk = openDesk({'web.yaml': `${HEAD}${line}\n`});
    const older = await desk.run(['validate', '--target', '8.4']);
    expect(older.out).toContain(`web.yaml:7: breaks ${says}, which is not known to Proxmox VE 8.4`);
    expect(older.out).toContain('→ Change it before this cluster runs Proxmox VE 8.4.');
    expect(older.code).toBe(1);
    expect((await desk.run(['validate', '--target', '9.1'])).code).toBe(0);
  });

  it('does not speak for what has a mistake', async () => {
    desk = openDesk({'web.yaml': WEB, 'bad.yaml': `${HEAD}  nonsense: 1\n`});
    const {code, out} = await desk.run(['validate', '--target', '9.1']);
    expect(code).toBe(1);
    expect(out).toContain('What has a mistake was not looked at: put it right first.');
  });

  it('knows no other release', async () => {
    desk = openDesk({'web.yaml': WEB});
    const {code, err} = await desk.run(['validate', '--target', '7.4']);
    expect(code).toBe(1);
    expect(err).toContain('8.4, 9.1');
  });
});

describe('the calls of a plan', () => {
  it('are each of its steps that calls, with the state for which they were made', () => {
    const {calls} = rehearsed(WEB);
    const [first] = calls;
    if (first === undefined) throw new Error('the rehearsal makes no call');
    const {call, inventory} = first;
    const step = {kind: 'task', says: 'clone', call} as const;
    const wait = {kind: 'until', says: 'wait'} as const;
    const action = {key: 'guest/150', name: 'web', verb: 'create', range: null};
    // Safe: what the function reads of a plan is there.
    const plan = {actions: [{...action, steps: [step, wait]}]} as unknown as Plan;
    expect(callsOf(plan, inventory)).toEqual([
      {key: 'guest/150', name: 'web', verb: 'create', says: 'clone', call, range: null, inventory},
    ]);
  });
});
