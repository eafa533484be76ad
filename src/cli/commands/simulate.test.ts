// Why this exists: other people's tests begin with this command; what it prints must be enough to
// talk to it, and it must end when it is told to.
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type Desk, openDesk} from '../../../test/builders/terminal.ts';
import {createExchange} from '../../pve/exchange.ts';

let desk: Desk;
beforeEach(() => {
  desk = openDesk();
});
afterEach(() => desk.end());

interface About {
  readonly url: string;
  readonly sha256: string;
  readonly token: string;
  readonly nodes: readonly string[];
}

/** Starts it, talks to it, stops it; what it said of itself and of its guests. */
async function simulate(...words: readonly string[]): Promise<[About, string]> {
  const stop = new AbortController();
  let told: (about: About) => void = () => undefined;
  const about = new Promise<About>((resolve) => {
    told = resolve;
  });
  const ran = desk.run(['simulate', '--json', '--listen', ...words], stop.signal, (line) => {
    told(JSON.parse(line));
  });
  const {url, sha256, token, nodes} = await about;
  const exchange = createExchange({url, trust: {kind: 'pins', sha256: [sha256]}});
  const answer = await exchange.request({
    method: 'GET',
    path: '/api2/json/cluster/resources?type=vm',
    headers: {authorization: `PVEAPIToken=${token}`},
    body: null,
    timeoutMs: 10_000,
  });
  await exchange.close();
  stop.abort();
  expect((await ran).code).toBe(0);
  return [{url, sha256, token, nodes}, answer.ok ? answer.value.body : ''];
}

describe('simulate', () => {
  it('is a cluster with a template, on the nodes that were named', async () => {
    const [{nodes}, guests] = await simulate('--nodes', 'a, b', '--release', '9.1');
    expect(nodes).toEqual(['a', 'b']);
    expect(guests).toContain('"vmid":100');
  });

  it('plays the host neve', async () => {
    const [{nodes}, guests] = await simulate('--scene', 'neve');
    expect(nodes).toEqual(['neve']);
    expect(guests).toContain('etoile');
  });

  it('says address, certificate, token and nodes to a person', async () => {
    const stop = new AbortController();
    const ran = desk.run(['simulate', '--listen'], stop.signal, (line) => {
      if (line.startsWith('nodes')) stop.abort();
    });
    expect((await ran).out).toMatch(
      /^url {4}https:.*\nsha256 .*\ntoken {2}pvegit@pve!.*\nnodes {2}pve1/,
    );
  });

  it.each([
    [['simulate'], 'say where'],
    [['simulate', '--listen', '--release', '7.4'], 'no simulated release'],
    [['simulate', '--listen', '--speed', 'fast'], '--speed needs a number above 0'],
    [['simulate', '--listen', '--scene', 'moon'], 'demo, neve'],
  ])('refuses %j', async (words, because) => {
    const {code, err} = await desk.run(words);
    expect(code).toBe(1);
    expect(err).toContain(because);
  });
});
