// Why this exists: what people ask of a running controller: it follows, takes up what is asked
// within seconds, carries out what is approved, and tells how things are.
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {addGuest} from '../../src/simulator/build.ts';
import {armTask} from '../../src/simulator/faults.ts';
import {buildTown, heldDigits, type Town} from './town.ts';

let town: Town;
beforeEach(async () => {
  town = await buildTown();
});
afterEach(() => town.end());

/** State and reasons of guest 150, by the controller's word. */
async function stateOf150(): Promise<string> {
  const {out} = await town.run('why', 'qemu/150', '--json');
  return out === '' ? 'unknown' : JSON.parse(out).resource.state;
}

async function created(): Promise<void> {
  await town.follow();
  await town.until(async () => (await stateOf150()) === 'in_sync');
}

describe('with a controller', () => {
  it('status and why are what it says', async () => {
    await created();
    const status = await town.run('status');
    expect(status).toMatchObject({code: 0, err: ''});
    expect(status.out).toMatch(/^pvegit .*, installation demo, up /);
    expect(status.out).toContain('1 in sync · 1 unmanaged');
    const shown = JSON.parse((await town.run('status', '--json')).out);
    expect(shown.clusters[0]).toMatchObject({cluster: 'harness', result: 'ok'});
    const why = await town.run('why', 'web');
    expect(why.code).toBe(0);
    expect(why.out).toContain('It is as Git says.');
    const nobody = await town.run('why', 'nobody');
    expect(nobody).toMatchObject({code: 1});
    expect(nobody.err).toContain('nothing is called "nobody"');
  });

  it('apply is refused, with who applies already', async () => {
    await created();
    const {code, err} = await town.run('apply');
    expect(code).toBe(1);
    expect(err).toMatch(/pvegit run on .* leads cluster harness/);
  });

  it('plan says of what it is at that it is under way, not that it is unknown', async () => {
    const late = {kind: 'late', delayMs: 36_000_000} as const;
    armTask(town.simulator, {type: 'qmclone'}, late);
    await town.follow();
    await town.until(() => town.simulator.guests.has(150));
    await town.until(async () => (await town.run('plan')).out.includes('under way'));
    expect((await town.run('plan')).out).toMatch(/1 under way\.$/);
  });

  it('stops with 0 when it is told to', async () => {
    await created();
    expect(await town.rest()).toBe(0);
  });

  it('what is suspended is left alone until it is resumed', async () => {
    await created();
    const said = await town.run('suspend', 'web', '--reason', 'repair', '--for', '2h');
    expect(said.code).toBe(0);
    expect(said.out).toMatch(/^✓ suspended 150 web of harness until .* UTC$/);
    await town.repository.edit('web.yaml', 'tags: [first]', 'tags: [second]');
    await town.repository.commit('Another tag');
    await town.until(async () => (await stateOf150()) === 'suspended');
    const status = await town.run('status');
    expect(status.out).toMatch(/suspended 150 web by \S+ until .*: repair/);
    expect(tags()).toBe('first');
    expect((await town.run('resume', 'web')).code).toBe(0);
    await town.until(() => tags() === 'second');
    const again = await town.run('resume', 'web');
    expect(again.code).toBe(1);
    expect(again.err).toContain('is not suspended');
  });

  it('a whole cluster can be suspended', async () => {
    await created();
    await town.run('suspend', '*', '--reason', 'moving house');
    await town.until(async () => (await stateOf150()) === 'suspended');
    expect((await town.run('resume', '*')).out).toBe('✓ resumed the whole cluster of harness');
  });

  it('what is approved is carried out by it, and how it ended is told', async () => {
    await created();
    await town.repository.remove('web.yaml');
    await town.repository.commit('No web any more');
    await town.until(async () => (await stateOf150()) === 'held');
    const digits = await heldDigits(town, 150);
    const {code, out, err} = await town.run('apply', '--approve', digits);
    expect(err).toContain(`approved ${digits}; the controller carries it out`);
    expect(out).toContain('150 web: delete done');
    expect(code).toBe(0);
    expect(town.simulator.guests.has(150)).toBe(false);
  });

  it('a guest that was released is left as it is when its manifest goes', async () => {
    await created();
    expect((await town.run('release', 'web')).code).toBe(0);
    await town.repository.remove('web.yaml');
    await town.repository.commit('No web any more');
    await town.until(() => !description().includes('pvegit/v1'));
    expect(town.simulator.guests.has(150)).toBe(true);
  });

  it('what failed is tried again at once when a person says so', async () => {
    armTask(
      town.simulator,
      {type: 'qmstart', times: 2},
      {kind: 'fails', text: 'no memory', when: 'start'},
    );
    await town.follow();
    await town.until(async () => (await stateOf150()) === 'failed');
    const why = await town.run('why', 'qemu/150');
    expect(why.code).toBe(3);
    expect(why.out).toContain('no memory');
    expect((await town.run('retry', 'qemu/150')).code).toBe(0);
    await town.until(async () => (await stateOf150()) === 'in_sync');
  });

  it('a history that was rewritten is followed once a person accepts its commit', async () => {
    await created();
    await town.repository.edit('web.yaml', 'tags: [first]', 'tags: [other]');
    const commit = await town.repository.rewrite('Another history');
    await town.until(async () => (await town.run('status')).out.includes('rewritten'));
    expect(tags()).toBe('first');
    const status = await town.run('status');
    expect(status.out).toContain(`pvegit source accept harness ${commit}`);
    expect((await town.run('source', 'accept', 'harness', commit)).code).toBe(0);
    await town.until(() => tags() === 'other');
    const nowhere = await town.run('source', 'accept', 'nowhere', commit);
    expect(nowhere.code).toBe(1);
    expect(nowhere.err).toContain('There are: harness.');
  });
});

describe('a guest that was there before', () => {
  it('is adopted when a person says so, with nothing but the marker written', async () => {
    const config = {name: 'web', memory: '2048', tags: 'first', smbios1: `uuid=${WITNESS}`};
    addGuest(town.simulator, 150, {config, running: true});
    await town.follow();
    await town.until(async () => (await stateOf150()) === 'held');
    const before = new Map(town.simulator.guests.get(150)?.config);
    const said = await town.run('adopt', 'qemu/150');
    expect(said).toMatchObject({code: 0, out: '✓ asked to adopt 150 of harness in the next pass'});
    await town.until(() => description().includes('pvegit/v1'));
    const after = new Map(town.simulator.guests.get(150)?.config);
    for (const config of [before, after]) config.delete('description');
    expect(after).toEqual(before);
    await town.until(async () => (await stateOf150()) === 'in_sync');
  });
});

const WITNESS = '5b1c6f2e-4c1d-4c55-9a55-1f0c3a9d5e22';

function tags(): string {
  return town.simulator.guests.get(150)?.config.get('tags') ?? '';
}

function description(): string {
  return town.simulator.guests.get(150)?.config.get('description') ?? '';
}
