// Why this exists: firewall rules, sets and aliases as pve-firewall has them, beyond what was
// recorded.
import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

function say(desk: Cluster, call: string, params: Record<string, string> = {}): string {
  const {status, reason, errors} = ask(desk, 'root', call, params);
  const [first] = typeof errors === 'object' && errors !== null ? Object.entries(errors) : [];
  return first === undefined ? `${status} ${reason}` : `${first[0]}: ${first[1]}`;
}

const rules = 'POST /cluster/firewall/rules';
const accept = {type: 'in', action: 'ACCEPT'};

describe('a rule (PVE::Firewall::verify_rule)', () => {
  it.each([
    [rules, {...accept, action: 'MAYBE'}, "action: unknown action 'MAYBE'"],
    [
      rules,
      {type: 'forward', action: 'REJECT'},
      'action: cannot define REJECT rules on forward chain',
    ],
    [
      'POST /nodes/pve1/qemu/100/firewall/rules',
      {type: 'forward', action: 'DROP'},
      "type: invalid rule type 'forward' for rule_env 'vm'",
    ],
    [rules, {...accept, dport: '80'}, "proto: missing property - 'dport' requires this property"],
    [rules, {...accept, proto: 'gre', dport: '80'}, "dport: protocol 'gre' does not support ports"],
    [
      rules,
      {...accept, proto: 'tcp', 'icmp-type': 'any'},
      "proto: missing property - 'icmp-type' requires this property",
    ],
    [
      rules,
      {...accept, proto: 'icmpv6', 'icmp-type': 'host-unknown'},
      "icmp-type: invalid icmp-type 'host-unknown' for proto 'icmpv6'",
    ],
    [
      rules,
      {...accept, 'icmp-type': 'nonsense'},
      "icmp-type: invalid format - invalid icmp-type value 'nonsense'\n",
    ],
    [
      rules,
      {...accept, source: '10.0.0.1', dest: 'fd00::1'},
      'dest: detected mixed ipv4/ipv6 addresses in rule',
    ],
  ])('%s %j is refused', (call, params, told) => {
    const given: Record<string, string> = {...params};
    expect(say(makeDesk({guests: {100: {config: {}}}}), call, given)).toBe(told);
  });

  it('is checked as a whole when it is changed, and its macro is spelt right', () => {
    const desk = makeDesk();
    say(desk, rules, {...accept, macro: 'ssh'});
    expect(ask(desk, 'root', 'GET /cluster/firewall/rules/0').data).toMatchObject({macro: 'SSH'});
    const change = (params: Record<string, string>) =>
      say(desk, 'PUT /cluster/firewall/rules/0', params);
    expect(change({dport: '80'})).toContain('proto: missing property');
    expect(change({delete: 'nonsense'})).toBe("delete: no such property ('nonsense')");
    expect(change({delete: 'action'})).toBe("delete: unable to delete required property 'action'");
    expect(change({proto: 'tcp', dport: '80', delete: 'macro'})).toBe('200 OK');
  });
});

describe('sets and aliases (PVE/API2/Firewall)', () => {
  it('are renamed onto no other, and checked by their digest', () => {
    const desk = makeDesk();
    for (const name of ['one', 'two']) {
      say(desk, 'POST /cluster/firewall/ipset', {name});
      say(desk, 'POST /cluster/firewall/aliases', {name, cidr: '10.0.0.1'});
      say(desk, 'POST /cluster/firewall/groups', {group: name});
    }
    expect(say(desk, 'POST /cluster/firewall/ipset', {name: 'two', rename: 'one'})).toBe(
      "name: IPSet 'two' does already exist",
    );
    expect(say(desk, 'POST /cluster/firewall/groups', {group: 'x1', rename: 'gone'})).toBe(
      "group: Security group 'gone' does not exist",
    );
    expect(say(desk, 'PUT /cluster/firewall/aliases/one', {cidr: '10.0.0.2', rename: 'two'})).toBe(
      "name: alias 'two' already exists",
    );
    expect(say(desk, 'DELETE /cluster/firewall/aliases/one', {digest: '0'.repeat(40)})).toBe(
      '500 detected modified configuration - file changed by other user? Try again.',
    );
    expect(say(desk, 'POST /cluster/firewall/ipset/one', {cidr: '10.0.0.0/0'})).toContain('cidr');
  });
});

describe('indices (PVE/API2/Firewall/{Cluster,Host,VM}.pm, Capabilities.pm, SDN/Zones)', () => {
  it('name what is below them', () => {
    const desk = makeDesk({guests: {100: {config: {}}}});
    const below = (path: string) => {
      const {data} = ask(desk, 'root', `GET ${path}`);
      // Safe: an index is a list of objects; anything else fails below.
      return (data as Record<string, string>[]).map((row) => row.name ?? row.subdir).join(' ');
    };
    expect(below('/cluster/firewall')).toBe('aliases rules options groups ipset macros refs');
    expect(below('/nodes/pve1/firewall')).toBe('rules options log');
    expect(below('/nodes/pve1/qemu/100/firewall')).toBe('rules aliases ipset refs options');
    expect(below('/nodes/pve1/capabilities/qemu')).toBe('cpu machines');
    expect(below('/nodes/pve1/sdn/zones/lab')).toBe('content');
    expect(ask(desk, 'root', 'GET /nodes/pve1/qemu/100/firewall/log').data).toEqual({
      n: 1,
      t: 'unable to open file - No such file or directory',
    });
  });
});
