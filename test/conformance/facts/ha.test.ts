// Why this exists: HA resources, groups and rules as pve-ha-manager has them, beyond what was
// recorded.
import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

function say(desk: Cluster, call: string, params: Record<string, string> = {}): string {
  const {status, reason} = ask(desk, 'root', call, params);
  return `${status} ${reason}`;
}

function desk(version: '8.4' | '9.1' = '8.4'): Cluster {
  return makeDesk({version, guests: {100: {config: {name: 'a'}}}});
}

describe('HA resources (PVE/API2/HA/Resources.pm)', () => {
  it('are guests of their kind', () => {
    const path = 'POST /cluster/ha/resources';
    expect(say(desk(), path, {sid: '999'})).toBe(
      '500 unable do detect SID from VMID - VM/CT 999 does not exist',
    );
    expect(say(desk('9.1'), path, {sid: 'ct:100'})).toBe(
      "500 resource 'ct:100' - guest with ID 100 is not a container",
    );
    expect(say(desk(), path, {sid: 'ct:100'})).toBe('200 OK');
    expect(say(desk(), path, {sid: 'vm:100', type: 'ct'})).toBe('500 types does not match');
  });

  it('are made in a group that is not there, and say so; and move only into one that is', () => {
    const cluster = desk();
    expect(say(cluster, 'POST /cluster/ha/resources', {sid: '100', group: 'gone'})).toBe('200 OK');
    expect(ask(cluster, 'root', 'GET /cluster/ha/resources').data).toMatchObject([
      {sid: 'vm:100', errors: {group: "group 'gone' does not exist"}},
    ]);
    expect(say(cluster, 'PUT /cluster/ha/resources/vm:100', {group: 'nope'})).toBe(
      "500 HA group 'nope' does not exist",
    );
    expect(say(cluster, 'PUT /cluster/ha/resources/vm:100', {delete: 'nonsense'})).toBe(
      "500 update resources config failed: no such option 'nonsense'",
    );
  });

  it('are told with their manager once there is one', () => {
    const cluster = desk();
    say(cluster, 'POST /cluster/ha/resources', {sid: '100', comment: 'x'});
    const {data} = ask(cluster, 'root', 'GET /cluster/ha/status/current');
    const types = Array.isArray(data) ? data.map(({type}) => type) : [];
    expect(types).toEqual(['quorum', 'master', 'lrm', 'lrm', 'service']);
  });
});

describe('HA rules of 9.1 (PVE/API2/HA/Rules.pm)', () => {
  it('need what their type needs', () => {
    const cluster = desk('9.1');
    const rule = {rule: 'r1', type: 'node-affinity', resources: 'vm:100'};
    expect(say(cluster, 'POST /cluster/ha/rules', rule)).toBe(
      "500 missing value for required option 'nodes'",
    );
    expect(say(cluster, 'POST /cluster/ha/rules', {...rule, nodes: 'pve1:2'})).toBe('200 OK');
    expect(say(cluster, 'POST /cluster/ha/rules', {...rule, nodes: 'pve1'})).toBe(
      "500 create ha rule failed: HA rule 'r1' already defined",
    );
    expect(say(cluster, 'PUT /cluster/ha/rules/r2', {type: 'node-affinity', comment: 'x'})).toBe(
      "500 update HA rules failed: HA rule 'r2' does not exist",
    );
    expect(say(cluster, 'DELETE /cluster/ha/rules/r2')).toBe('200 OK');
  });
});
