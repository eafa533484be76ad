// Why this exists: an address that the plan lets pass wrongly takes two machines off the network.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {revisionOf} from '../../../test/builders/revision.ts';
import {readManifests} from '../../manifest/read.ts';
import {kinds} from '../index.ts';

const PLAN = `apiVersion: pvegit/v1
kind: AddressPlan
metadata: {name: lan}
spec:
  subnets:
    - cidr: 10.0.70.0/24
      gateway: 10.0.70.1
      static: [10.0.70.10-10.0.70.99]
      dhcp: [10.0.70.100-10.0.70.199]
      reserved:
        - {addresses: 10.0.70.50, vmids: [950], note: spare}
    - cidr: 10.0.71.0/31
    - cidr: fd00:70::/64
      gateway: fd00:70::1
`;

function guest(vmid: number, config: string): string {
  return `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: vm-${vmid}}
spec: {vmid: ${vmid}, cloudInit: {ipConfig: {net0: {${config}}}}}
`;
}

function told(config: string, vmid = 150): readonly string[] {
  const revision = revisionOf({'plan.yaml': PLAN, 'vm.yaml': guest(vmid, config)});
  return readManifests({revision, kinds}).diagnostics.map(({code}) => code);
}

/** The plan without its last network, the one of IPv6. */
function onlyFour(plan: string): string {
  return plan.slice(0, plan.indexOf('    - cidr: fd00'));
}

describe('an address', () => {
  it.each([
    ['ip: 10.0.70.10/24', 150, [], 'the first of a static range'],
    ['ip: 10.0.70.99/24, gw: 10.0.70.1', 150, [], 'the last, with the plan’s gateway'],
    ['ip: dhcp', 150, [], 'asked for at the server'],
    ['ip6: "fd00:70::5/64"', 150, [], 'a network without ranges'],
    ['ip6: auto', 150, [], 'no fixed one'],
    ['ip: 10.0.70.50/24', 950, [], 'reserved for this guest'],
    ['ip: 10.0.71.0/31', 150, [], 'the first of two that are all (RFC 3021)'],
    ['ip: 10.0.71.1/31', 150, [], 'the second of two'],
    ['ip: 10.0.70.50/24', 150, ['address-reserved'], 'reserved for another'],
    ['ip: 10.0.70.100/24', 150, ['address-in-dhcp'], 'the server’s'],
    ['ip: 10.0.70.1/24', 150, ['address-is-gateway'], 'the router’s'],
    ['ip: 10.0.70.0/24', 150, ['address-is-network'], 'the network’s'],
    ['ip: 10.0.70.255/24', 150, ['address-is-broadcast'], 'everybody’s'],
    ['ip: 10.0.70.9/24', 150, ['address-not-static'], 'before the static range'],
    ['ip: 10.0.72.9/24', 150, ['address-outside-plan'], 'in no network'],
    ['ip6: "fd00:71::5/64"', 150, ['address-outside-plan'], 'in no network of its family'],
    ['ip6: "fd00:70::1/64"', 150, ['address-is-gateway'], 'the router’s, IPv6'],
    ['ip6: "fd00:70::/64"', 150, ['address-is-network'], 'the routers’ own (RFC 4291)'],
    ['ip: 10.0.70.10/16', 150, ['address-prefix'], 'another length of prefix'],
    ['ip: 10.0.70.10/24, gw: 10.0.70.2', 150, ['address-gateway-differs'], 'another gateway'],
  ])('%s of guest %d gives %j: %s', (config, vmid, codes) => {
    expect(told(config, vmid)).toEqual(codes);
  });

  it('is free exactly where the plan says so, for every host of the network', () => {
    fc.assert(
      fc.property(fc.integer({min: 0, max: 255}), (host) => {
        const free = host >= 10 && host <= 99 && host !== 50;
        expect(told(`ip: 10.0.70.${host}/24`).length).toBe(free ? 0 : 1);
      }),
      {numRuns: 60},
    );
  });

  it('without a plan of its family is not judged', () => {
    const plan = onlyFour(PLAN);
    const revision = revisionOf({'plan.yaml': plan, 'vm.yaml': guest(150, 'ip6: "fd00::9/64"')});
    expect(readManifests({revision, kinds}).diagnostics).toEqual([]);
  });

  it('out of the plan keeps its guest out of what is wanted, and its VMID claimed', () => {
    const revision = revisionOf({'plan.yaml': PLAN, 'vm.yaml': guest(150, 'ip: 10.9.9.9/24')});
    const found = readManifests({revision, kinds});
    expect(found.desired).toEqual([]);
    expect(found.claimed).toContain('guest/150');
  });

  it('with another gateway is told, and its guest wanted all the same', () => {
    const config = 'ip: 10.0.70.10/24, gw: 10.0.70.2';
    const revision = revisionOf({'plan.yaml': PLAN, 'vm.yaml': guest(150, config)});
    const found = readManifests({revision, kinds});
    expect(found.complete).toBe(true);
    expect(found.desired.map(({key}) => key)).toEqual(['guest/150']);
  });
});

describe('two plans', () => {
  it('are one: an address of either is planned, and networks that overlap are told', () => {
    const other = PLAN.replace('name: lan', 'name: other').replaceAll('10.0.7', '10.0.8');
    const files = {'a.yaml': PLAN, 'b.yaml': onlyFour(other)};
    const vm = guest(150, 'ip: 10.0.80.10/24');
    const good = readManifests({revision: revisionOf({...files, 'vm.yaml': vm}), kinds});
    expect(good.diagnostics).toEqual([]);
    const twice = readManifests({revision: revisionOf({'a.yaml': PLAN, 'b.yaml': other}), kinds});
    expect(twice.diagnostics.map(({code}) => code)).toEqual(['plan-subnets-overlap']);
  });
});
