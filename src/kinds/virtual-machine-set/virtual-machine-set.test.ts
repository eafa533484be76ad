// Why this exists: the members of a set are guests with disks; which of them are meant must not
// depend on anything but the set's own numbers.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {revisionOf} from '../../../test/builders/revision.ts';
import {readManifests} from '../../manifest/read.ts';
import {kinds} from '../index.ts';

function set(spec: string, name = 'dev', labels = ''): string {
  return `apiVersion: pvegit/v1
kind: VirtualMachineSet
metadata: {name: ${name}${labels}}
spec:
${spec}`;
}

function read(files: {readonly [path: string]: string}) {
  return readManifests({revision: revisionOf(files), kinds});
}

const TWO = '  replicas: 2\n  vmidStart: 200\n  prefix: dev\n';

describe('a set', () => {
  it('is so many guests, with VMID and name by their number', () => {
    const {desired, diagnostics} = read({'a.yaml': set(`${TWO}  template: {memory: 4GiB}\n`)});
    expect(diagnostics).toEqual([]);
    expect(desired.map(({key, name, body}) => [key, name, body['name']])).toEqual([
      ['guest/200', 'dev-1', 'dev-1'],
      ['guest/201', 'dev-2', 'dev-2'],
    ]);
  });

  it('of none is no guest and no mistake', () => {
    const text = set('  replicas: 0\n  vmidStart: 200\n  prefix: dev\n  template: {}\n');
    expect(read({'a.yaml': text})).toMatchObject({desired: [], complete: true, documents: 1});
  });

  it('replaces placeholders in name, addresses and MAC, there as two hex digits', () => {
    const {desired} = read({
      'a.yaml': set(`  replicas: 12
  vmidStart: 200
  prefix: dev
  template:
    name: "node-{number}-{vmid}"
    networks: {net0: {model: virtio, bridge: vmbr1, mac: "BC:24:11:00:{index}:{vmid}"}}
    cloudInit: {ipConfig: {net0: {ip: "10.0.{index}.{number}/24", gw: "10.0.{index}.254"}}}
`),
    });
    expect(desired[11]?.body).toMatchObject({
      name: 'node-12-211',
      'networks.net0.mac': 'BC:24:11:00:0B:D3',
      'cloudInit.ipConfig.net0.ip': '10.0.11.12/24',
      'cloudInit.ipConfig.net0.gw': '10.0.11.254',
    });
  });

  it('gives member i the i-th address of a range, in both families', () => {
    const {desired, diagnostics} = read({
      'a.yaml': set(`${TWO}  addresses: {net0: 10.0.70.100-10.0.70.119/24, net1: "fd00::9-fd00::20"}
  template:
    networks: {net0: {model: virtio, bridge: a}, net1: {model: virtio, bridge: b}}
    cloudInit: {user: dmg, ipConfig: {net0: {gw: 10.0.70.1}}}
`),
    });
    expect(diagnostics.map(({code, severity}) => `${severity} ${code}`)).toEqual([
      'warning set-addresses-prefix',
    ]);
    expect(desired[1]?.body).toMatchObject({
      'cloudInit.user': 'dmg',
      'cloudInit.ipConfig.net0.ip': '10.0.70.101/24',
      'cloudInit.ipConfig.net0.gw': '10.0.70.1',
      'cloudInit.ipConfig.net1.ip6': 'fd00::a/64',
    });
  });

  it('passes labels on, and takes the Defaults of VirtualMachine for its members', () => {
    const {desired} = read({
      'defaults.yaml': `apiVersion: pvegit/v1
kind: Defaults
metadata: {name: d}
spec: {VirtualMachine: {memory: 2GiB, onboot: true}, VirtualMachineSet: {replicas: 1}}
`,
      'a.yaml': set(
        '  vmidStart: 200\n  prefix: dev\n  template: {memory: 4GiB}\n',
        'dev',
        ', labels: {app: x}',
      ),
    });
    expect(desired.length).toBe(1);
    expect(desired[0]).toMatchObject({
      labels: {app: 'x'},
      body: {memory: 4 * 2 ** 30, onboot: true},
      ranges: {
        memory: {file: 'a.yaml', start: {line: 7}},
        onboot: {file: 'defaults.yaml'},
        vmid: {file: 'a.yaml', start: {line: 5}},
      },
    });
  });

  it('keeps what its members claim when it has a mistake', () => {
    const {desired, claimed} = read({'a.yaml': set(`${TWO}  template: {memroy: 4GiB}\n`)});
    expect(desired).toEqual([]);
    expect(claimed).toEqual(expect.arrayContaining(['guest/200', 'guest/201']));
  });

  it('loses no member but the one whose VMID another guest has', () => {
    const head = 'apiVersion: pvegit/v1\nkind: VirtualMachine\nmetadata: {name: x}\n';
    const other = `${head}spec: {vmid: 201}\n`;
    const {desired, claimed} = read({
      'a.yaml': set(`${TWO}  template: {}\n`),
      'b.yaml': other,
    });
    expect(desired.map(({key}) => key)).toEqual(['guest/200']);
    expect(claimed).toEqual(['guest/201']);
  });

  it('makes of member i the same guest, however many there are', () => {
    const bodies = (replicas: number) =>
      read({
        'a.yaml': set(`  replicas: ${replicas}
  vmidStart: 200
  prefix: dev
  addresses: {net0: 10.0.70.100-10.0.70.199/24}
  template: {networks: {net0: {model: virtio, bridge: a, mac: "BC:24:11:00:00:{number}"}}}
`),
      }).desired.map(({key, body}) => ({key, body}));
    fc.assert(
      fc.property(fc.integer({min: 0, max: 20}), fc.integer({min: 0, max: 20}), (a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)];
        expect(bodies(large).slice(0, small)).toEqual(bodies(small));
      }),
      {numRuns: 20},
    );
  });
});
