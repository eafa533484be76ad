// Why this exists: what the cluster and a node keep as files, in the form they are read back.
import {describe, expect, it} from 'vitest';
import {grant} from '../../../src/simulator/build.ts';
import type {Cluster} from '../../../src/simulator/state.ts';
import {ask, makeDesk} from './desk.ts';

function put(desk: Cluster, params: Record<string, string>): string {
  const {status, reason} = ask(desk, 'root', 'PUT /cluster/options', params);
  return `${status} ${reason}`;
}

function options(desk: Cluster, who = 'root'): unknown {
  return ask(desk, who, 'GET /cluster/options').data;
}

describe('datacenter options (PVE/DataCenterConfig.pm)', () => {
  it('are taken apart by their formats, numbers as texts, limits not at all', () => {
    const desk = makeDesk();
    put(desk, {migration: 'insecure,network=10.0.0.0/24', crs: 'ha-rebalance-on-start=yes'});
    put(desk, {bwlimit: 'clone=100', 'user-tag-access': 'user-allow=list,user-allow-list=b;a'});
    expect(options(desk)).toMatchObject({
      migration: {type: 'insecure', network: '10.0.0.0/24'},
      crs: {'ha-rebalance-on-start': 1},
      bwlimit: 'clone=100',
      'user-tag-access': {'user-allow': 'list', 'user-allow-list': ['b', 'a']},
    });
  });

  it('sort their tags when the file is written again', () => {
    const desk = makeDesk();
    put(desk, {'registered-tags': 'z;a'});
    expect(options(desk)).toMatchObject({'registered-tags': ['z', 'a']});
    put(desk, {keyboard: 'de'});
    expect(options(desk)).toMatchObject({'registered-tags': ['a', 'z']});
  });

  it('map old names, and never write the registered prefix', () => {
    const desk = makeDesk();
    put(desk, {console: 'applet', migration_unsecure: '1', mac_prefix: 'bc:24:11'});
    expect(options(desk)).toMatchObject({
      console: 'html5',
      migration: {type: 'insecure'},
      mac_prefix: 'BC:24:11',
    });
  });

  it('want a range that has something in it', () => {
    expect(put(makeDesk(), {'next-id': 'lower=500,upper=200'})).toBe(
      '500 lower (500) <= upper (200) boundary rule broken',
    );
  });

  it('offer registered tags to who may modify the cluster (PVE/GuestHelpers.pm)', () => {
    const desk = makeDesk();
    put(desk, {'registered-tags': 'gold', 'user-tag-access': 'user-allow=list,user-allow-list=x'});
    grant(desk, {subject: 'ops@pve', role: 'PVEAuditor', path: '/'});
    expect(options(desk)).toMatchObject({'allowed-tags': ['gold', 'x']});
    expect(options(desk, 'ops@pve!tk')).toMatchObject({'allowed-tags': ['x']});
  });
});

describe('a node (PVE/NodeConfig.pm, PVE/INotify.pm)', () => {
  it('has empty notes as soon as it has a file, and no digest before', () => {
    const desk = makeDesk();
    const digest = '0'.repeat(40);
    const set = {wakeonlan: 'BC:24:11:00:00:01', digest};
    expect(ask(desk, 'root', 'PUT /nodes/pve1/config', set).status).toBe(200);
    expect(ask(desk, 'root', 'GET /nodes/pve1/config').data).toMatchObject({
      description: '',
      wakeonlan: 'BC:24:11:00:00:01',
    });
    expect(ask(desk, 'root', 'PUT /nodes/pve1/config', set).status).toBe(500);
    ask(desk, 'root', 'PUT /nodes/pve1/config', {delete: 'wakeonlan'});
    expect(ask(desk, 'root', 'GET /nodes/pve1/config').data).toEqual({});
  });

  it('takes hosts that are addresses and names, with no remark behind them', () => {
    const desk = makeDesk();
    const wrong = (data: string) => ask(desk, 'root', 'POST /nodes/pve1/hosts', {data}).errors;
    expect(wrong('nonsense here\n')).toEqual({data: "Invalid IP 'nonsense'"});
    expect(wrong('10.0.0.1 a_b\n')).toEqual({data: "Invalid Hostname 'a_b'"});
    expect(wrong('10.0.0.1 a # b\n')).toEqual({data: "Invalid Hostname '#'"});
    expect(wrong('# remark\n\n10.0.0.1 a b.c\n')).toBeUndefined();
  });
});
