// Why this exists: an existing host comes under Git without being touched. Use-case B and guests
// that are hard to say are imported, planned and adopted through the commands themselves.
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {NEVE_GUESTS, neveCluster} from '../../src/cli/scenes/neve.ts';
import type {Report} from '../../src/core/report.ts';
import {addGuest, demoSecret} from '../../src/simulator/build.ts';
import {type Listening, listen} from '../../src/simulator/listen.ts';
import {type Desk, openDesk} from '../builders/terminal.ts';

const cluster = neveCluster({nowMs: Date.now()});
let server: Listening;
let desk: Desk;

beforeAll(async () => {
  server = await listen(cluster, {speed: 20});
  desk = openDesk();
  desk.env['PVEGIT_NEVE_TOKEN'] = `pvegit@pve!controller=${demoSecret}`;
  await desk.run(['init', '--cluster', 'neve', '--url', server.url, '--accept-pin']);
  // The wizard's defaults are for new guests; these are old.
  desk.write('clusters/neve/defaults.yaml', '');
  desk.write('clusters/neve/example.yaml', '');
});

afterAll(async () => {
  desk.end();
  await server.close();
});

/** The configuration of each guest as the host has it. */
function configs(): {readonly [vmid: string]: {readonly [key: string]: string}} {
  const entries = [...cluster.guests].map(([vmid, {config, pending}]) => {
    return [vmid, Object.fromEntries([...config, ...pending])] as const;
  });
  return Object.fromEntries(entries);
}

const CHECK = ['import', '--check'];

function uuidOf(vmid: string): string {
  return `0b5d1f6e-${vmid}-4a7e-9d65-0c6a1b2f${vmid}`;
}

async function plan(): Promise<Report> {
  const {out} = await desk.run(['plan', '--json']);
  return JSON.parse(out)[0];
}

/** What of a guest the plan would change, field by field. */
function changes(report: Report): readonly string[] {
  return (report.plan?.actions ?? []).flatMap(({key, changes: fields, findings}) => [
    ...fields.map(({field, shown}) => `${key} ${field}: ${shown.from} → ${shown.to}`),
    ...findings.map(({reason, detail}) => `${key} ${reason}: ${detail}`),
  ]);
}

describe('import', () => {
  it('proves that the plan of the whole host is empty, and writes nothing', async () => {
    const {code, out} = await desk.run(['import', '--check']);
    expect(out).toContain('9 guests checked: the plan changes nothing, 9 to adopt.');
    expect(out).toContain('skipped lxc/200 atlas: containers are not managed yet');
    expect(code).toBe(0);
    expect((await desk.run(['validate', 'clusters/neve'])).out).toContain('0 resources');
  });

  it('chooses guests by VMID, pool and tag', async () => {
    const chosen = async (...words: readonly string[]): Promise<readonly string[]> => {
      const {out} = await desk.run(['import', '--check', '--json', ...words]);
      return JSON.parse(out).guests.map(({key}: {readonly key: string}) => key);
    };
    expect(await chosen('--vmid', '1201', '9000-9100')).toEqual([
      'guest/1201',
      'guest/9000',
      'guest/9100',
    ]);
    expect(await chosen('--pool', 'build')).toEqual(['guest/400', 'guest/401']);
    expect(await chosen('--tag', 'WINDOWS')).toEqual(['guest/300']);
    const wrong = await desk.run(['import', '--vmid', 'all']);
    expect(wrong.err).toContain('neither a VMID nor a range');
  });

  it.each([
    ['--vmid', '4711', 'no guest 4711;'],
    ['--vmid', '7000-7999', 'no guest is chosen by this;'],
    ['--pool', 'nobody', 'no guest is chosen by this;'],
    ['--tag', 'nothing', 'no guest is chosen by this;'],
  ])('a choice that meets nothing is told: %s %s', async (option, said, says) => {
    const {code, err} = await desk.run([...CHECK, option, said]);
    expect(err).toContain(says);
    expect(code).toBe(1);
  });

  it('lays files out by node or by pool', async () => {
    const paths = async (layout: string): Promise<readonly string[]> => {
      const words = ['import', '--check', '--json', '--layout', layout, '--vmid', '400-500'];
      const {out} = await desk.run(words);
      return JSON.parse(out).guests.map(({path}: {readonly path: string}) => path);
    };
    const files = ['builder-400.yaml', 'builder-401.yaml', 'vm-500.yaml'];
    expect(await paths('flat')).toEqual(files);
    expect(await paths('node')).toEqual(files.map((file) => `neve/${file}`));
    expect(await paths('pool')).toEqual([
      'build/builder-400.yaml',
      'build/builder-401.yaml',
      'no-pool/vm-500.yaml',
    ]);
  });

  it('gives each guest a file of its own, whatever others and files are called', async () => {
    const long = 'l'.repeat(63);
    const names = {2001: 'defaults', 2002: 'web', 2003: 'Web', 2004: 'web-2003', 2005: long};
    const more = {2006: long, 2007: 'null'};
    for (const [vmid, name] of Object.entries({...names, ...more})) {
      addGuest(cluster, Number(vmid), {config: {name, smbios1: `uuid=${uuidOf(vmid)}`}});
    }
    const {code, out} = await desk.run([...CHECK, '--json', '--vmid', '2001-2007']);
    const made = JSON.parse(out);
    expect(made.guests.map(({path}: {readonly path: string}) => path)).toEqual([
      'defaults-2001.yaml',
      'web-2002.yaml',
      'Web-2-2003.yaml',
      'web-2003.yaml',
      `${'l'.repeat(58)}-2005.yaml`,
      `${'l'.repeat(58)}-2006.yaml`,
      'null.yaml',
    ]);
    expect(made.check).toMatchObject({diagnostics: [], different: []});
    expect(made.check.empty).toHaveLength(7);
    expect(code).toBe(0);
    for (const vmid of Object.keys({...names, ...more})) cluster.guests.delete(Number(vmid));
  });

  it('says what Defaults of the folder would change', async () => {
    desk.write(
      'clusters/neve/defaults.yaml',
      [
        'apiVersion: pvegit/v1',
        'kind: Defaults',
        'metadata: {name: neve}',
        'spec:',
        '  VirtualMachine:',
        '    onboot: true',
        '    cpu: {cores: 1, type: x86-64-v2-AES}',
        '    disks: {scsi0: {storage: vmdata, iothread: true}}',
        '    networks: {net0: {model: virtio, bridge: vmbr1}}',
        '    config: {ostype: l26}',
      ].join('\n'),
    );
    const {code, out} = await desk.run(['import', '--check', '--json']);
    desk.write('clusters/neve/defaults.yaml', '');
    const {guests, check} = JSON.parse(out);
    expect(check.different).toEqual([]);
    expect(check.diagnostics).toEqual([]);
    expect(code).toBe(0);
    const nameless = guests.find(({key}: {readonly key: string}) => key === 'guest/500');
    expect(nameless.manifest.spec).toMatchObject({
      disks: {scsi0: null},
      networks: {net0: null},
      config: {ostype: null},
    });
  });

  it('writes pretty, minimal manifests with what cannot be said beside them', async () => {
    const {code} = await desk.run(['import']);
    expect(code).toBe(0);
    for (const name of ['etoile', 'fenetre', 'builder-400', 'vm-500', 'clone-91']) {
      const text = desk.read(`clusters/neve/${name}.yaml`);
      await expect(text).toMatchFileSnapshot(`golden/import/${name}.yaml`);
    }
    expect((await desk.run(['validate', 'clusters/neve'])).code).toBe(0);
    const again = await desk.run(['import', '--json']);
    expect(JSON.parse(again.out)).toMatchObject({guests: [], written: []});
  });

  it('is empty field by field before adoption, which writes only the marker', async () => {
    const before = configs();
    const report = await plan();
    expect(changes(report)).toEqual([]);
    expect(report.plan?.actions.map(({vmid, verb}) => [vmid, verb])).toEqual(
      NEVE_GUESTS.map((vmid) => [vmid, 'adopt']),
    );
    const applied = await desk.run(['apply']);
    expect(applied.code).toBe(0);
    const after = configs();
    for (const vmid of NEVE_GUESTS) {
      const marker = `<!-- pvegit/v1 installation=neve cluster=neve vmid=${vmid} -->`;
      const {description = '', ...rest} = before[vmid] ?? {};
      const {description: now, ...others} = after[vmid] ?? {};
      expect(others).toEqual(rest);
      expect(now).toBe(description === '' ? marker : `${description}\n${marker}`);
    }
    expect(after['200']).toEqual(before['200']);
  });

  it('is empty field by field after adoption', async () => {
    const report = await plan();
    expect(changes(report)).toEqual([]);
    expect(report.plan?.actions.map(({verb}) => verb)).toEqual(NEVE_GUESTS.map(() => 'none'));
    expect((await desk.run(['plan'])).code).toBe(0);
  });

  it('says the same of a guest that was adopted', async () => {
    const {out} = await desk.run(['import', '--check', '--json', '--folder', 'elsewhere']);
    const {guests, check} = JSON.parse(out);
    expect(check).toMatchObject({different: [], diagnostics: []});
    expect(guests).toHaveLength(NEVE_GUESTS.length);
    const etoile = guests.find(({key}: {readonly key: string}) => key === 'guest/1201');
    expect(etoile.manifest.spec).not.toHaveProperty('description');
  });
});
