// Why this exists: doctor's word on privileges is only worth something if a token with exactly what
// it says can do the whole work, and one with less is told what it lacks.
import {readdirSync, readFileSync} from 'node:fs';
import {afterEach, describe, expect, it} from 'vitest';
import {type Desk, openDesk} from '../../../test/builders/terminal.ts';
import {olderNode} from '../../../test/fixtures/older-node.ts';
import type {Inventory} from '../../core/model.ts';
import {addGuest, addToken, buildCluster, demoCluster, demoSecret} from '../../simulator/build.ts';
import {type Listening, listen} from '../../simulator/listen.ts';
import type {Cluster, Version} from '../../simulator/state.ts';
import {checkCluster, checkNodes, checkPins} from './connection.ts';
import {heldOf, holds} from './needed.ts';

const PIN = 'AB:'.repeat(31).concat('CD');
const EXAMPLE = new URL('../../../example-repo/clusters/harness/', import.meta.url);

let desk: Desk;
let server: Listening | null = null;
afterEach(async () => {
  desk?.end();
  await server?.close();
  server = null;
});

/** A cluster whose controller's token has no right at all, and the example beside it. */
async function barred(version: Version): Promise<Cluster> {
  const cluster = demoCluster({version, nowMs: Date.now()});
  cluster.access.acl.splice(0);
  server = await listen(cluster, {speed: 4});
  desk = openDesk();
  desk.env['PVEGIT_HARNESS_TOKEN'] = `pvegit@pve!controller=${demoSecret}`;
  desk.env['HARNESS_ADMIN_PASSWORD'] = 'only-a-test';
  await desk.run(['init', '--cluster', 'harness', '--url', server.url, '--accept-pin']);
  desk.write('clusters/harness/example.yaml', '');
  for (const name of readdirSync(EXAMPLE)) {
    desk.write(`clusters/harness/${name}`, readFileSync(new URL(name, EXAMPLE), 'utf8'));
  }
  return cluster;
}

/** Does to the simulated cluster what the printed commands do to a real one. */
function obey(cluster: Cluster, text: string): number {
  let done = 0;
  for (const line of text.split('\n')) {
    const role = /pveum role add (\S+) --privs "([^"]+)"/.exec(line);
    if (role !== null) cluster.access.roles.set(role[1] ?? '', new Set(role[2]?.split(' ')));
    const entry = /pveum acl modify (\S+) --(user|token)s '([^']+)' --roles (\S+) --prop/.exec(
      line,
    );
    if (entry !== null) {
      const [, path = '', kind = '', subject = '', name = ''] = entry;
      // Safe: the pattern lets nothing else through.
      const who = kind as 'user' | 'token';
      cluster.access.acl.push({path, kind: who, subject, role: name, propagate: false});
    }
    if (role !== null || entry !== null) done += 1;
  }
  return done;
}

describe('doctor', () => {
  it.each(['8.4', '9.1'] as const)(
    'grants on %s exactly what the example needs',
    async (version) => {
      const cluster = await barred(version);
      const before = await desk.run(['doctor']);
      expect(before.code).toBe(1);
      expect(before.out).toContain('pveum role add PvegitGuest');
      expect(before.out).toContain('# Proxmox VE 8.4 and 9.x');
      expect(before.out).toContain('! template 100: it cannot be read');
      expect(obey(cluster, before.out)).toBeGreaterThan(10);
      // Now that the template may be seen, what cloning it needs is known.
      const between = await desk.run(['doctor']);
      expect(between.out).toContain('lacks SDN.Use on /sdn/zones/localnetwork/vmbr0');
      obey(cluster, between.out);
      const after = await desk.run(['doctor']);
      expect(after.out).toMatch(/✓ privileges: the token has the \d+ that this repository needs/);
      expect(after.code).toBe(0);
      const applied = await desk.run(['apply']);
      expect(applied.err.replaceAll(/.* · .*\n?/g, '')).not.toContain('✗');
      expect(applied.code).toBe(0);
      for (const vmid of [150, 160, 200, 201])
        expect(cluster.guests.get(vmid)?.runtime).toBeDefined();
    },
  );

  it('names what is missing, on which path, and for what', async () => {
    const cluster = await barred('8.4');
    obey(cluster, (await desk.run(['doctor'])).out);
    obey(cluster, (await desk.run(['doctor'])).out);
    const role = [...cluster.access.roles].find(([, held]) => held.has('VM.PowerMgmt'));
    cluster.access.roles.set(
      role?.[0] ?? '',
      new Set([...(role?.[1] ?? [])].filter((privilege) => privilege !== 'VM.PowerMgmt')),
    );
    const {code, out} = await desk.run(['doctor', '--json']);
    expect(code).toBe(1);
    const [{findings}] = JSON.parse(out);
    const bad = findings.filter(({state}: {readonly state: string}) => state === 'bad');
    expect(bad[0].says).toContain('lacks VM.PowerMgmt on /vms/150');
    expect(bad[0].remedy[0]).toContain('guest/150');
  });

  it('asks for what must be known before a guest is deleted', async () => {
    await barred('8.4');
    const {out} = await desk.run(['doctor', '--json']);
    const [{findings}] = JSON.parse(out);
    const about = findings.filter(({says}: {readonly says: string}) => {
      return says.includes('lacks Sys.Audit on /');
    });
    expect(JSON.stringify(about)).toContain('read /cluster/backup');
    expect(JSON.stringify(about)).toContain('read /cluster/ha/resources');
  });

  it('says whether the user or only the token lacks it', async () => {
    const cluster = await barred('8.4');
    const all = {path: '/', role: 'Administrator', propagate: true};
    cluster.access.acl.push({...all, kind: 'user', subject: 'pvegit@pve'});
    const auditor = {path: '/access', role: 'PVEAuditor', propagate: true};
    cluster.access.acl.push({...auditor, kind: 'token', subject: 'pvegit@pve!controller'});
    const {out} = await desk.run(['doctor']);
    expect(out).toContain('pvegit@pve!controller lacks, though its user has, VM.Allocate');
    // An entry of its own would take from the user what it has beside.
    expect(out).not.toContain('--users');
    obey(cluster, out);
    obey(cluster, (await desk.run(['doctor'])).out);
    expect((await desk.run(['doctor'])).out).toContain('✓ privileges: the token has the');
  });

  it('counts what a pool grants on its members', async () => {
    const cluster = await barred('8.4');
    const guest = {config: {name: 'web', smbios1: 'uuid=0b5d1f6e-0150-4a7e-9d65-0c6a1b2f0150'}};
    cluster.pools.set('web', {comment: undefined, vms: new Set([150]), storages: new Set()});
    addGuest(cluster, 150, {...guest, pool: 'web'});
    const entry = {path: '/pool/web', role: 'PVEVMAdmin', propagate: true};
    cluster.access.acl.push(
      {...entry, kind: 'user', subject: 'pvegit@pve'},
      {...entry, kind: 'token', subject: 'pvegit@pve!controller'},
    );
    const {out} = await desk.run(['doctor']);
    expect(out).toContain('privilege /vms/160');
    expect(out).not.toContain('privilege /vms/150');
  });

  it('works on 8.3, whose errors are status lines only', async () => {
    await barred('8.4');
    if (server === null) throw new Error('nothing listens');
    const node = await olderNode(server);
    try {
      const config = desk.read('pvegit.yaml').replace(server.url, node.url);
      desk.write('pvegit.yaml', config.replace(server.fingerprint, node.fingerprint));
      const {code, out} = await desk.run(['doctor']);
      expect(out).toContain('✓ release: Proxmox VE 8.3, checked by the API of 8.4; errors come as');
      expect(out).toContain('pveum acl modify /vms/150 --tokens');
      expect(code).toBe(1);
      desk.env['PVEGIT_HARNESS_TOKEN'] = 'pvegit@pve!controller=wrong';
      const refused = await desk.run(['doctor']);
      expect(refused.out).toContain('The token is wrong, expired or disabled');
    } finally {
      await node.close();
    }
  });

  it('names certificate, token and address when they are wrong', async () => {
    await barred('8.4');
    const config = desk.read('pvegit.yaml');
    desk.env['PVEGIT_HARNESS_TOKEN'] = 'pvegit@pve!controller=wrong';
    expect((await desk.run(['doctor'])).out).toContain('The token is wrong, expired or disabled');
    const pin = server?.fingerprint ?? '';
    desk.write('pvegit.yaml', config.replace(pin, PIN));
    const other = await desk.run(['doctor']);
    expect(other.out).toContain('which is not pinned');
    expect(other.code).toBe(1);
    desk.write('pvegit.yaml', config.replace(/https:\/\/127\.0\.0\.1:\d+/, 'https://127.0.0.1:1'));
    expect((await desk.run(['doctor'])).out).toContain('Check the address, port 8006');
  });

  it('does not vouch for a repository that it could not read', async () => {
    const cluster = await barred('8.4');
    const all = {path: '/', role: 'Administrator', propagate: true};
    cluster.access.acl.push(
      {...all, kind: 'user', subject: 'pvegit@pve'},
      {...all, kind: 'token', subject: 'pvegit@pve!controller'},
    );
    const says = '! privileges: what the rest of the repository needs is not known';
    expect((await desk.run(['doctor'])).out).not.toContain(says);
    desk.write('clusters/harness/bad.yaml', 'spec: [');
    expect((await desk.run(['doctor'])).out).toContain(says);
    const gone = await desk.run(['doctor', '--folder', 'nowhere']);
    expect(gone.out).toContain(says);
    expect(gone.code).toBe(1);
  });

  it('tells the certificates of the other nodes', async () => {
    const cluster = buildCluster({nodes: ['pve1', 'pve2'], nowMs: Date.now()});
    addToken(cluster, {user: 'root@pam', token: 'all', secret: demoSecret, privsep: false});
    server = await listen(cluster, {speed: 4});
    const other = cluster.nodes.get('pve2');
    if (other !== undefined) cluster.nodes.set('pve2', {...other, fingerprint: PIN});
    desk = openDesk();
    desk.env['PVEGIT_HOME_TOKEN'] = `root@pam!all=${demoSecret}`;
    await desk.run(['init', '--url', server.url, '--accept-pin']);
    const {code, out} = await desk.run(['doctor']);
    expect(out).toContain(`! certificate pve2: ${PIN} is not pinned`);
    expect(out).toContain('✓ quorum: the cluster is quorate');
    expect(code).toBe(0);
  });
});

describe('what the cluster says of itself', () => {
  const inventory = (release: string | null, clockOffsetMs: Inventory['clockOffsetMs'] = {}) => ({
    cluster: 'home',
    takenAt: 0,
    reads: {},
    release,
    clockOffsetMs,
  });

  it.each([
    ['8.3.5', 'good', 'errors come as status lines only'],
    ['8.4', 'good', 'checked by the API of 8.4'],
    ['9.2', 'good', 'checked by the API of 9.1'],
    ['7.4', 'warn', 'is not known'],
    [null, 'bad', 'could not be read'],
  ])('release %s is %s', (release, state, says) => {
    const [found] = checkCluster(inventory(release), true);
    expect(found).toMatchObject({state, says: expect.stringContaining(says)});
  });

  it.each([
    [100, 'good'],
    [-10_000, 'warn'],
    [90_000, 'bad'],
  ])('a clock that is off by %d ms is %s', (offset, state) => {
    const found = checkCluster(inventory('8.4', {pve1: offset}), true);
    expect(found.find(({what}) => what === 'clock pve1')?.state).toBe(state);
  });

  it.each([
    [true, 'good'],
    [false, 'bad'],
    [null, 'warn'],
  ])('quorum %s is %s', (quorate, state) => {
    expect(checkCluster(inventory('8.4'), quorate).at(-1)?.state).toBe(state);
  });

  it('a node that is offline is told', () => {
    const [found, ...others] = checkNodes([
      {node: 'pve1', status: 'online'},
      {node: 'pve2', status: 'offline'},
    ]);
    expect(found).toMatchObject({what: 'node pve2', state: 'warn', says: 'it is offline'});
    expect(others).toEqual([]);
    expect(checkNodes(null)).toEqual([]);
  });

  it('nodes that cannot be listed are told', () => {
    const cluster = {
      name: 'home',
      endpoints: [],
      token: {env: 'T'},
      concurrency: {readsPerNode: 1, tasksPerNode: 1, clonesPerStorage: 1},
    };
    expect(checkPins(null, cluster)[0]?.state).toBe('warn');
    expect(checkPins([{node: 'pve1'}], cluster)).toEqual([]);
  });
});

describe('a held privilege', () => {
  const held = heldOf({'/': {'VM.Audit': 1}, '/vms': {'VM.Audit': 0}, '/vms/150': {}});

  it.each([
    ['/nodes/pve1', true],
    ['/vms', true],
    ['/vms/151', false],
    ['/vms/150', false],
  ])('counts on %s: %s', (path, expected) => {
    if (held === null) throw new Error('the answer was not read');
    expect(holds(held, {path, privilege: 'VM.Audit'})).toBe(expected);
  });

  it('is not read from something else', () => {
    expect(heldOf([])).toBeNull();
    expect(heldOf({'/': 1})).toBeNull();
  });
});
