// Why this exists: plan, apply, why and status without a controller: what they print, in which
// form, and how they end, is what scripts and people rely on.
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {addGuest} from '../../src/simulator/build.ts';
import {armTask} from '../../src/simulator/faults.ts';
import {buildTown, heldDigits, type Town, WEB} from './town.ts';

let town: Town;
beforeEach(async () => {
  town = await buildTown();
});
afterEach(() => town.end());

describe('plan', () => {
  it('ends with 2 when there is something to do, and with 0 when there is not', async () => {
    const before = await town.run('plan');
    expect(before).toMatchObject({code: 2, err: ''});
    expect(before.out).toContain('+ create  150 web');
    expect(before.out).toMatch(/1 to create; 1 goes ahead\.$/);
    expect((await town.run('apply')).code).toBe(0);
    const after = await town.run('plan');
    expect(after).toMatchObject({code: 0, err: ''});
    expect(after.out).toMatch(/Nothing to do: 1 in sync\.$/);
  });

  it('shows what stands in the way, and does not call it in sync', async () => {
    addGuest(town.simulator, 150, {config: {name: 'stranger', memory: '512'}});
    const {code, out} = await town.run('plan');
    expect(code).toBe(2);
    expect(out).toContain('150 web  benign · refused: vmid-taken');
    expect(out).toMatch(/1 refused\.$/);
    expect((await town.run('apply')).code).toBe(3);
    const {out: table} = await town.run('plan', '--markdown');
    expect(table).toContain('refuse: vmid-taken');
  });

  it('changes nothing', async () => {
    await town.run('plan');
    expect(town.simulator.effects).toEqual([]);
  });

  it('ends with 1 when a manifest is wrong, says where, and plans the rest', async () => {
    await town.repository.edit('web.yaml', 'memory', 'memroy');
    await town.repository.commit('A slip of the finger');
    const {code, err} = await town.run('plan');
    expect(code).toBe(1);
    expect(err).toContain('web.yaml:8:3: error');
    expect(err).toContain('Did you mean memory?');
  });

  it('ends with 1 when the cluster does not answer, and says which address', async () => {
    await town.server.close();
    const {code, err} = await town.run('plan');
    expect(code).toBe(1);
    expect(err).toContain(`${town.server.url} does not answer`);
  });

  it('is one list of reports as JSON', async () => {
    const {code, out} = await town.run('plan', '--json');
    expect(code).toBe(2);
    const [report] = JSON.parse(out);
    expect(report).toMatchObject({cluster: 'harness', result: 'ok', quorate: true});
    expect(report.plan.actions[0]).toMatchObject({verb: 'create', key: 'guest/150', vmid: 150});
    expect(report.verdicts[0]).toMatchObject({verdict: 'allow'});
  });

  it('is a table as Markdown in which a hostile value stays text', async () => {
    const hostile = '@everyone [x](https://x) <b>|`';
    await town.repository.edit('web.yaml', 'memory: 2GiB', `description: "${hostile}"`);
    await town.repository.commit('Hostile');
    const {code, out} = await town.run('plan', '--markdown');
    expect(code).toBe(2);
    expect(out).toContain('| create | guest/150 web |');
    expect(out).not.toContain('@everyone');
    expect(out).not.toContain('<b>');
    expect(out.split('\n').filter((line) => line.startsWith('| create'))).toHaveLength(1);
  });

  it('reads a working copy instead of the repository when told to', async () => {
    town.desk.write(
      'work/web.yaml',
      WEB.replace('2GiB', '3GiB').replace('spec:', 'spec:\n  node: pve1'),
    );
    const {code, out} = await town.run('plan', '--folder', 'work');
    expect(code).toBe(2);
    expect(out).toContain('3GiB');
  });

  it('has colours only where they are wanted', async () => {
    expect((await town.run('plan')).out).not.toContain('\u001b[');
  });
});

describe('apply', () => {
  it('shows each step on stderr and the result on stdout', async () => {
    const {code, out, err} = await town.run('apply');
    expect(code).toBe(0);
    expect(err).toContain('150 web: clone 100 as 150');
    expect(err).toContain('150 web: create done');
    expect(out).toMatch(/^\d of \d actions done\./);
  });

  it('is one document with report and outcomes as JSON', async () => {
    const {out} = await town.run('apply', '--json');
    const {report, outcomes} = JSON.parse(out);
    expect(report.plan.actions[0].verb).toBe('none');
    expect(outcomes[0]).toMatchObject({key: 'guest/150', verb: 'create', result: 'done'});
  });

  it('ends with 1 when a task fails', async () => {
    armTask(town.simulator, {type: 'qmclone'}, {kind: 'fails', text: 'no space', when: 'start'});
    const {code, err} = await town.run('apply');
    expect(code).toBe(1);
    expect(err).toContain('no space');
  });

  it('ends with 3 when something waits for a person, and does it once approved', async () => {
    await deletionWaits();
    expect((await town.run('apply')).code).toBe(3);
    expect(town.simulator.guests.has(150)).toBe(true);
    const digits = await heldDigits(town, 150);
    const ran = await town.run('apply', '--approve', digits, '--reason', 'ticket 42');
    expect(ran).toMatchObject({code: 0});
    expect(town.simulator.guests.has(150)).toBe(false);
    const audit = await town.run('audit');
    expect(audit.out).toContain('delete');
  });

  it.each([
    ['nonsense', 'is not a fingerprint'],
    ['0123456789abcde', 'is not a fingerprint'],
    ['0123456789abcdef', 'no action of the plan as it is now'],
  ])('refuses the approval %s: %s', async (digits, because) => {
    await deletionWaits();
    const {code, err} = await town.run('apply', '--approve', digits);
    expect(code).toBe(1);
    expect(err).toContain(because);
    expect(town.simulator.guests.has(150)).toBe(true);
  });

  it('refuses an approval of what has changed since', async () => {
    await deletionWaits();
    const digits = await heldDigits(town, 150);
    town.simulator.guests.get(150)?.config.delete('smbios1');
    const {code, err} = await town.run('apply', '--approve', digits);
    expect(code).toBe(1);
    expect(err).toContain('has changed since');
    expect(town.simulator.guests.has(150)).toBe(true);
  });

  it('refuses an approval that was used: the same guest again is another action', async () => {
    await deletionWaits();
    const digits = await heldDigits(town, 150);
    expect((await town.run('apply', '--approve', digits)).code).toBe(0);
    const {code, err} = await town.run('apply', '--approve', digits);
    expect(code).toBe(1);
    expect(err).toContain('no action of the plan');
  });

  async function deletionWaits(): Promise<void> {
    expect((await town.run('apply')).code).toBe(0);
    await town.repository.remove('web.yaml');
    await town.repository.commit('No web any more');
  }
});

describe('apply where approvals at the terminal are switched off', () => {
  it('refuses every approval and says which setting', async () => {
    await town.end();
    town = await buildTown('policy:\n  destructive: {approval: {terminal: false}}\n');
    const {code, err} = await town.run('apply', '--approve', '0123456789abcdef');
    expect(code).toBe(1);
    expect(err).toContain('switched off');
    expect(err).toContain('policy.destructive.approval.terminal');
  });
});

describe('without a controller', () => {
  it('why looks at the cluster itself: 3 while it is not as Git says, then 0', async () => {
    const before = await town.run('why', 'qemu/150');
    expect(before.code).toBe(3);
    expect(before.out).toContain('create');
    await town.run('apply');
    const after = await town.run('why', 'web');
    expect(after.code).toBe(0);
    expect(after.out).toContain('It is as Git says.');
  });

  it('why does not know what nobody manages', async () => {
    const {code, err} = await town.run('why', 'nobody');
    expect(code).toBe(1);
    expect(err).toContain('nothing is called "nobody"');
  });

  it('status tells what the journal knows, and that nobody answers', async () => {
    await town.run('apply');
    const {code, out, err} = await town.run('status');
    expect(code).toBe(0);
    expect(err).toContain('No controller answers');
    expect(out).toContain('1 resource on record');
    const shown = JSON.parse((await town.run('status', '--json')).out);
    expect(shown).toMatchObject({controller: null, clusters: [{cluster: 'harness'}]});
  });
});
