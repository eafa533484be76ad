// Why this exists: mappings and metric servers are tried out when they are asked about or stored,
// and nothing that they need is there (PVE/API2/Cluster/Mapping, MetricServer.pm).
import {describe, expect, it} from 'vitest';
import {ask, makeDesk} from './desk.ts';

describe('mappings (PVE/Mapping/PCI.pm, USB.pm)', () => {
  it('are checked against the node, each kind in its own words', () => {
    const desk = makeDesk();
    const pci = {id: 'gpu', map: 'node=pve1,path=0000:01:00,id=8086:1234'};
    const usb = {id: 'key', map: 'node=pve1,id=1234:abcd'};
    expect(ask(desk, 'root', 'POST /cluster/mapping/pci', pci).status).toBe(200);
    expect(ask(desk, 'root', 'POST /cluster/mapping/usb', usb).status).toBe(200);
    const error = (device: string) => [
      {severity: 'error', message: `Invalid configuration: ${device} not found\n`},
    ];
    const check = {'check-node': 'pve1'};
    expect(ask(desk, 'root', 'GET /cluster/mapping/pci', check).data).toMatchObject([
      {id: 'gpu', checks: error("pci device '0000:01:00.0'")},
    ]);
    expect(ask(desk, 'root', 'GET /cluster/mapping/usb', check).data).toMatchObject([
      {id: 'key', errors: error("usb device '1234:abcd'")},
    ]);
    const other = {'check-node': 'pve2'};
    expect(ask(desk, 'root', 'GET /cluster/mapping/pci', other).reason).toBe(
      'wrong node to check - pve2 != pve1',
    );
    expect(ask(desk, 'root', 'GET /cluster/mapping/usb', other).reason).toBe('Wrong node to check');
  });
});

describe('metric servers (PVE/Status/InfluxDB.pm, Graphite.pm)', () => {
  const path = '/cluster/metrics/server/m1';

  it('are tried when they are made and when they are changed', () => {
    const desk = makeDesk();
    const web = {type: 'influxdb', server: '10.9.9.9', port: '8086', influxdbproto: 'http'};
    expect(ask(desk, 'root', `POST ${path}`, web).reason).toBe(
      "500 Can't connect to 10.9.9.9:8086 (Connection refused)",
    );
    const disabled = {...web, disable: '1'};
    expect(ask(desk, 'root', `POST ${path}`, disabled).status).toBe(200);
    const enable = {server: '10.9.9.9', port: '8086', disable: '0'};
    expect(ask(desk, 'root', `PUT ${path}`, enable).reason).toBe(
      "500 Can't connect to 10.9.9.9:8086 (Connection refused)",
    );
    expect(ask(desk, 'root', `GET ${path}`).data).toMatchObject({disable: 1});
  });

  it('that are not there have no type to be deleted by', () => {
    expect(ask(makeDesk(), 'root', `DELETE ${path}`).reason).toBe(
      'cannot lookup undefined type! at ' +
        '/usr/share/perl5/PVE/API2/Cluster/MetricServer.pm line 295.',
    );
  });
});
