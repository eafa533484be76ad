// Why this exists: the demo's story and the listening simulator are commands that end by themselves
// or by Ctrl-C; here they run in this process, so that what they say can be read line by line.
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type Desk, openDesk} from '../builders/terminal.ts';
import {needs} from '../parts.ts';

let desk: Desk;
beforeEach(() => {
  desk = openDesk();
});
afterEach(() => desk.end());

describe.runIf(needs('git'))('demo --once', () => {
  it('plays the whole story, says the time of each step', {timeout: 480_000}, async () => {
    const {code, out} = await desk.run(['demo', '--once', '--speed', '20']);
    expect(out).toMatch(/6 of 6 steps held, verified in the simulated cluster\.$/);
    expect(out.match(/^✓ +[\d.]+ s {2}/gm)).toHaveLength(6);
    expect(code).toBe(0);
  });

  it('says which step did not hold when it is stopped, and ends with 1', async () => {
    const stop = new AbortController();
    stop.abort();
    const {code, out} = await desk.run(['demo', '--once', '--json'], stop.signal);
    expect(code).toBe(1);
    const {steps, held, of} = JSON.parse(out);
    expect({held, of}).toEqual({held: 0, of: 6});
    expect(steps[0]).toMatchObject({missing: 'stopped'});
  });
});

describe.runIf(needs('git'))('demo', () => {
  it('tells of each guest, welcomes, and ends with 0 by Ctrl-C', async () => {
    const stop = new AbortController();
    const {code, out} = await desk.run(['demo', '--speed', '20'], stop.signal, (line) => {
      if (line.includes('Ctrl-C stops everything')) stop.abort();
    });
    expect(code).toBe(0);
    for (const guest of ['150 neo4j-db', '160 plane-server', '200 claude-dev-1']) {
      expect(out).toContain(`✓ qemu/${guest} runs`);
    }
  });
});

describe('simulate --listen', () => {
  it.each([
    [[], 'nodes  pve1; Ctrl-C stops it'],
    [['--nodes', 'a, b', '--release', '9.1'], 'nodes  a, b; Ctrl-C stops it'],
  ])('%j says where it is, and stops by Ctrl-C', async (words, said) => {
    const stop = new AbortController();
    const ran = await desk.run(['simulate', '--listen', ...words], stop.signal, (line) => {
      if (line.startsWith('nodes')) stop.abort();
    });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain(said);
    expect(ran.out).toMatch(/^url +https:\/\/127\.0\.0\.1:\d+$/m);
  });

  it('ends, and says what to do, where the port is taken', async () => {
    const stop = new AbortController();
    let taken: Promise<{readonly code: number; readonly err: string}> | null = null;
    await desk.run(['simulate', '--listen'], stop.signal, (line) => {
      const port = /^url .*:(\d+)$/.exec(line)?.[1];
      if (port === undefined) return;
      taken = desk.run(['simulate', '--listen', port]);
      void taken.finally(() => stop.abort());
    });
    expect(await taken).toMatchObject({code: 1});
    expect(await taken).toMatchObject({err: expect.stringContaining('Name another port')});
  });

  it('is one document as JSON', async () => {
    const stop = new AbortController();
    const seen = (): void => stop.abort();
    const {out} = await desk.run(['simulate', '--listen', '--json'], stop.signal, seen);
    expect(JSON.parse(out)).toMatchObject({nodes: ['pve1'], token: expect.any(String)});
  });
});
