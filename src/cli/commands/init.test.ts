// Why this exists: the first files that a newcomer gets must be right, must work together, and must
// never replace what is there or trust what nobody has compared.
import {afterEach, describe, expect, it} from 'vitest';
import {type Desk, openDesk} from '../../../test/builders/terminal.ts';
import {buildCluster} from '../../simulator/build.ts';
import {type Listening, listen} from '../../simulator/listen.ts';

let desk: Desk;
let server: Listening | null = null;
afterEach(async () => {
  desk.end();
  await server?.close();
  server = null;
});

const PIN = 'AB:'.repeat(31).concat('CD');

describe('init', () => {
  it('writes a configuration and manifests without a mistake', async () => {
    desk = openDesk();
    const ran = await desk.run(['init', '--url', 'https://192.0.2.10:8006', '--pin', PIN]);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('wrote clusters/home/example.yaml');
    const shown = await desk.run(['config', 'show']);
    expect(shown.code).toBe(0);
    expect(shown.out).toMatch(new RegExp(`endpoints/0/sha256/0 +${PIN} `));
    const valid = await desk.run(['validate', 'clusters/home']);
    expect(valid.out).toBe('no mistakes in clusters/home: 2 valid documents, 1 resource.');
    const rendered = await desk.run(['render', 'clusters/home']);
    expect(rendered.out).toMatch(/config\.scsihw +virtio-scsi-single +defaults\.yaml:/);
    expect(desk.read('schemas/VirtualMachine.json')).toContain('"$schema"');
  });

  it('keeps what is there', async () => {
    desk = openDesk({'pvegit.yaml': 'mine\n'});
    const {code, out} = await desk.run(['init', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out).kept).toEqual(['pvegit.yaml']);
    expect(desk.read('pvegit.yaml')).toBe('mine\n');
    expect(JSON.parse((await desk.run(['init', '--json'])).out).written).toEqual([]);
  });

  it('shows the certificate of a node, says how to compare it, and does not trust it', async () => {
    server = await listen(buildCluster(), {});
    desk = openDesk();
    const {code, out} = await desk.run(['init', '--url', server.url]);
    expect(code).toBe(0);
    expect(out).toContain(server.fingerprint);
    expect(out).toContain('openssl x509 -noout -fingerprint -sha256');
    expect(desk.read('pvegit.yaml')).toContain(`# sha256: ["${server.fingerprint}"]`);
    const shown = await desk.run(['config', 'show']);
    expect(shown.code).toBe(1);
    expect(shown.err).toContain('sha256');
  });

  it('pins the certificate when that was asked for', async () => {
    server = await listen(buildCluster(), {});
    desk = openDesk();
    await desk.run(['init', '--url', server.url, '--accept-pin']);
    expect(desk.read('pvegit.yaml')).toContain(`        sha256: ["${server.fingerprint}"]`);
    expect((await desk.run(['config', 'show'])).code).toBe(0);
  });

  it.each([
    [['--accept-pin'], '--accept-pin needs --url'],
    [['--url', 'http://192.0.2.10:8006'], 'no way without TLS'],
    [['--url', 'https://127.0.0.1:1'], 'cannot be looked at'],
    [['--pin', 'AB:CD'], 'no SHA-256 fingerprint'],
    [['--cluster', 'My Home'], 'is no name'],
  ])('refuses %j', async (words, because) => {
    desk = openDesk();
    const {code, err} = await desk.run(['init', ...words]);
    expect(code).toBe(1);
    expect(err).toContain(because);
    expect(() => desk.read('pvegit.yaml')).toThrow();
  });

  it('follows a repository when one is named', async () => {
    desk = openDesk();
    await desk.run(['init', '--pin', PIN, '--repository', 'https://git.example/infra.git']);
    const {out} = await desk.run(['config', 'show']);
    expect(out).toMatch(/sources\/0\/url +https:\/\/git\.example\/infra\.git/);
    expect(out).toMatch(/sources\/0\/path +clusters\/home/);
  });
});

describe('new vm', () => {
  it('writes a manifest into the only folder of clusters, once', async () => {
    desk = openDesk();
    await desk.run(['init', '--pin', PIN]);
    const words = ['new', 'vm', 'web', '--vmid', '150', '--clone', '9000', '--disk', '32GiB'];
    const ran = await desk.run([...words, '--ip', '10.0.70.50/24', '--gw', '10.0.70.1']);
    expect(ran).toMatchObject({code: 0, out: 'wrote clusters/home/web.yaml'});
    expect(
      desk.read('clusters/home/web.yaml'),
    ).toBe(`# yaml-language-server: $schema=../../schemas/VirtualMachine.json
apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: web}
spec:
  vmid: 150
  power: running
  clone: {vmid: 9000, full: true}
  disks:
    scsi0: {size: 32GiB}
  cloudInit:
    ipConfig:
      net0: {ip: 10.0.70.50/24, gw: 10.0.70.1}
`);
    expect((await desk.run(['validate', 'clusters/home'])).code).toBe(0);
    const again = await desk.run(words);
    expect(again.code).toBe(1);
    expect(again.err).toContain('is there already');
  });

  it('writes nothing that is wrong', async () => {
    desk = openDesk();
    const {code, err} = await desk.run(['new', 'vm', 'web', '--vmid', '7', '--memory', '4096']);
    expect(code).toBe(1);
    expect(err).toContain('2 errors in what was asked for');
    expect(() => desk.read('web.yaml')).toThrow();
  });

  it('takes over a guest without a word on how it was made', async () => {
    desk = openDesk();
    await desk.run(['new', 'vm', 'old', '--vmid', '150', '--adopt', 'some-uuid', '--json']);
    expect(desk.read('old.yaml')).toContain('annotations: {pvegit/adopt: some-uuid}');
    expect(desk.read('old.yaml')).not.toContain('empty');
  });
});
