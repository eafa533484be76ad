// Why this exists: the firewall's configuration is a file: what was sent comes back as its lines
// are read (PVE/Firewall.pm), in lower case, sorted, trimmed, without what a line cannot hold.
import {describe, expect, it} from 'vitest';
import {advance} from '../../../src/simulator/clock.ts';
import type {Cluster} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

const base = '/cluster/firewall';

function say(desk: Cluster, call: string, params: Record<string, string> = {}): string {
  const {status, reason, errors} = ask(desk, 'root', call, params);
  const [first] = typeof errors === 'object' && errors !== null ? Object.entries(errors) : [];
  return first === undefined ? `${status} ${reason}` : `${first[0]}: ${first[1]}`;
}

function read(desk: Cluster, path: string): unknown {
  return ask(desk, 'root', `GET ${base}/${path}`).data;
}

describe('names of sets and groups', () => {
  it('are read back in lower case, and asked for exactly', () => {
    const desk = makeDesk();
    say(desk, `POST ${base}/ipset`, {name: 'MySet', comment: ' c '});
    say(desk, `POST ${base}/groups`, {group: 'MyGroup'});
    expect(read(desk, 'ipset')).toMatchObject([{name: 'myset', comment: 'c'}]);
    expect(read(desk, 'groups')).toMatchObject([{group: 'mygroup'}]);
    expect(say(desk, `GET ${base}/ipset/MySet`)).toBe("500 no such IPSet 'MySet'");
    expect(say(desk, `GET ${base}/groups/MyGroup`)).toBe("500 no such security group 'MyGroup'");
    expect(say(desk, `DELETE ${base}/groups/MyGroup`)).toBe("500 no such security group 'MyGroup'");
    expect(say(desk, `POST ${base}/groups`, {group: 'x1', rename: 'MyGroup'})).toBe(
      "group: Security group 'MyGroup' does not exist",
    );
  });

  it('may be created again in another case, which changes nothing', () => {
    const desk = makeDesk();
    say(desk, `POST ${base}/ipset`, {name: 'web', comment: 'first'});
    say(desk, `POST ${base}/ipset/web`, {cidr: '10.0.0.1'});
    expect(say(desk, `POST ${base}/ipset`, {name: 'WEB', comment: 'second'})).toBe('200 OK');
    expect(read(desk, 'ipset')).toMatchObject([{name: 'web', comment: 'first'}]);
    expect(read(desk, 'ipset/web')).toMatchObject([{cidr: '10.0.0.1'}]);
  });
});

describe('addresses', () => {
  it('of a set are masked, shortened and sorted', () => {
    const desk = makeDesk();
    say(desk, `POST ${base}/ipset`, {name: 'web'});
    for (const cidr of [
      'fd00:0:0:5::1/64',
      '10.9.0.1/32',
      '10.1.2.3/16',
      'fe80::1/10',
      '::1/128',
    ]) {
      say(desk, `POST ${base}/ipset/web`, {cidr});
    }
    expect(read(desk, 'ipset/web')).toMatchObject([
      {cidr: '10.1.0.0/16'},
      {cidr: '10.9.0.1'},
      {cidr: '::1'},
      {cidr: 'fd00:0:0:5::/64'},
      {cidr: 'fe80::/10'},
    ]);
    expect(say(desk, `POST ${base}/ipset/web`, {cidr: 'dc/none'})).toBe("500 no such alias 'none'");
  });

  it('of an alias lose their full mask only, and its empty comment is none', () => {
    const desk = makeDesk();
    say(desk, `POST ${base}/aliases`, {name: 'Lan', cidr: '10.1.2.3/32', comment: ''});
    expect(read(desk, 'aliases/lan')).toEqual({name: 'Lan', cidr: '10.1.2.3', ipversion: 4});
    say(desk, `PUT ${base}/aliases/lan`, {cidr: '10.1.2.3/24', rename: 'LAN'});
    expect(read(desk, 'aliases/lan')).toEqual({name: 'lan', cidr: '10.1.2.3/24', ipversion: 4});
  });
});

describe('a rule', () => {
  it('says nothing else than its macro', () => {
    const desk = makeDesk();
    const rule = {type: 'in', action: 'ACCEPT', macro: 'HTTP', proto: 'tcp'};
    expect(say(desk, `POST ${base}/rules`, {...rule, dport: '8080'})).toBe(
      "dport: parameter 'dport' already define in macro (value = '80')",
    );
    expect(say(desk, `POST ${base}/rules`, {...rule, proto: 'udp'})).toBe(
      "proto: parameter 'proto' already define in macro (value = 'tcp')",
    );
    expect(say(desk, `POST ${base}/rules`, {...rule, dport: '80', sport: '1024:65535'})).toBe(
      '200 OK',
    );
    const six = {type: 'in', action: 'ACCEPT', macro: 'Ping', proto: 'icmpv6', source: 'fd00::/8'};
    expect(say(desk, `POST ${base}/rules`, six)).toBe('200 OK');
  });

  it('that names a group keeps nothing that a group has not', () => {
    const desk = makeDesk();
    const rule = {type: 'group', action: 'web', proto: 'tcp', dport: '22', source: '10.0.0.1'};
    say(desk, `POST ${base}/rules`, {...rule, enable: '7', comment: '  hi  '});
    const group = {type: 'group', action: 'web', enable: 1, comment: 'hi', pos: 0};
    expect(read(desk, 'rules')).toEqual([{digest: expect.any(String), ...group}]);
  });
});

describe('the cluster', () => {
  it('enabled with more than 1 is so for a minute (parse_clusterfw_option)', () => {
    const desk = makeDesk();
    say(desk, `PUT ${base}/options`, {enable: '2'});
    expect(read(desk, 'options')).toMatchObject({enable: Math.floor(desk.nowMs / 1000)});
    advance(desk, desk.nowMs + 62_000);
    expect(read(desk, 'options')).toMatchObject({enable: 0});
  });
});
