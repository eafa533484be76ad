// Why this exists: UPIDs, labels and queues are small, and everything rests on them.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {readPath} from '../core/read-path.ts';
import {encodeForm} from './form.ts';
import {createLanes} from './lanes.ts';
import {operationOf} from './operation.ts';
import {withoutSecrets} from './redact.ts';
import {formatUpid, parseUpid} from './wire.ts';

describe('a UPID', () => {
  it('is taken apart as Proxmox writes it', () => {
    const text = 'UPID:pve1:00000BB9:00079C19:6B0160CE:qmdestroy:930:gitops@pve!ci:';
    const upid = parseUpid(text);
    expect(upid).toEqual({
      node: 'pve1',
      pid: 3001,
      pstart: 498713,
      starttime: 1795252430,
      type: 'qmdestroy',
      id: '930',
      user: 'gitops@pve!ci',
    });
    expect(upid === null ? null : formatUpid(upid)).toBe(text);
  });

  it('comes back from its parts, whatever they are', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9>-]{0,8}$/);
    const number = fc.nat(0xffffffff);
    const parts = fc.record({
      node: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/),
      pid: number,
      pstart: fc.nat(0xfffffffff),
      starttime: number,
      type: word,
      id: fc.oneof(word, fc.constant('')),
      user: fc.constantFrom('root@pam', 'gitops@pve!ci'),
    });
    fc.assert(
      fc.property(parts, (upid) => {
        expect(parseUpid(formatUpid(upid))).toEqual(upid);
      }),
    );
  });

  it.each(['', 'OK', 'UPID:pve1:bad', 'UPID:pve1:00000BB9:00079C19:6B0160CE:qmstart:1:u@r'])(
    '%j is none',
    (text) => expect(parseUpid(text)).toBe(null),
  );
});

describe('the label of a call', () => {
  it.each([
    ['/version', 'GET /version'],
    ['/cluster/resources?type=vm', 'GET /cluster/resources'],
    ['/nodes/pve1/qemu/150/pending', 'GET /nodes/{node}/qemu/{vmid}/pending'],
    ['/nodes/qemu/qemu/150/config', 'GET /nodes/{node}/qemu/{vmid}/config'],
    ['/nodes/pve1/tasks/UPID%3Apve1/status', 'GET /nodes/{node}/tasks/{upid}/status'],
    [
      '/nodes/pve1/storage/local/content/local%3Aiso',
      'GET /nodes/{node}/storage/{storage}/content/{volume}',
    ],
    [
      '/nodes/pve1/qemu/1/snapshot/config/config',
      'GET /nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config',
    ],
    ['/pools/backup', 'GET /pools/{poolid}'],
    ['/something/new', 'GET /{name}/{name}'],
  ])('%s is %s', (path, label) => expect(operationOf('GET', path)).toBe(label));
});

describe('parameters', () => {
  it('of a list repeat their key; nothing that means something in a form is left as it is', () => {
    expect(encodeForm({a: [1, 'x y'], b: "!'()*~"})).toBe('a=1&a=x%20y&b=%21%27%28%29%2A~');
    expect(encodeForm({})).toBe('');
  });

  it('survive a round trip through any form decoder', () => {
    const text = fc.string({unit: 'grapheme'});
    fc.assert(
      fc.property(text, (value) => {
        const decoded = new URLSearchParams(encodeForm({k: value})).get('k');
        expect(decoded).toBe(value.toWellFormed());
      }),
    );
  });

  it('of a read are part of its key', () => {
    const params = {type: 'vm', 'x y': 1};
    expect(readPath({path: '/cluster/resources', params})).toBe(
      '/cluster/resources?type=vm&x%20y=1',
    );
    expect(readPath({path: '/a?b=1', params: {c: 2}})).toBe('/a?b=1&c=2');
    expect(readPath({path: '/a', params: {}})).toBe('/a');
  });
});

describe('a secret', () => {
  const error = {kind: 'parameter', status: 400, sent: 'answered'} as const;

  it('is taken out of every text, whatever else is in it', () => {
    const message = "got 'hunter2' and 'hunter2'";
    const cleaned = withoutSecrets(
      {...error, message, errors: {x: 'hunter2'}},
      {
        'ci-password': 'hunter2',
        name: 'got',
      },
    );
    expect(cleaned).toEqual({
      ...error,
      message: "got '(secret)' and '(secret)'",
      errors: {x: '(secret)'},
    });
  });

  it('that is empty takes nothing out', () => {
    const same = {...error, message: 'abc', errors: {}};
    expect(withoutSecrets(same, {password: ''})).toEqual(same);
  });
});

describe('a lane', () => {
  it('serves writes, then tasks, then reads, each in the order of arrival', async () => {
    const lanes = createLanes(1);
    const served: string[] = [];
    const leave = await lanes.enter('pve1', 'write');
    const queue = (['read', 'task', 'write', 'read', 'task', 'write'] as const).map(
      async (priority, n) => {
        const done = await lanes.enter('pve1', priority);
        served.push(`${priority} ${n}`);
        done?.();
      },
    );
    leave?.();
    await Promise.all(queue);
    expect(served).toEqual(['write 2', 'write 5', 'task 1', 'task 4', 'read 0', 'read 3']);
  });

  it('gives one place back once, however often it is left', async () => {
    const lanes = createLanes(1);
    const first = await lanes.enter('pve1', 'read');
    const order: string[] = [];
    const second = lanes.enter('pve1', 'read').then(() => order.push('second'));
    void lanes.enter('pve1', 'read').then(() => order.push('third'));
    first?.();
    first?.();
    await second;
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['second']);
  });
});
