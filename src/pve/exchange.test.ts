// Why this exists: trust, and whether a request left, are judged on a real TLS server on loopback;
// a fake would only repeat what we believe of undici.
import {createHash, createSign, generateKeyPairSync} from 'node:crypto';
import {once} from 'node:events';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {createSecureServer} from 'node:http2';
import {createServer} from 'node:https';
import type {AddressInfo, Socket} from 'node:net';
import {setImmediate as turn} from 'node:timers/promises';
import {afterEach, describe, expect, it, vi} from 'vitest';
import type {ExchangeRequest} from '../core/ports.ts';
import {createExchange, type ExchangeOptions} from './exchange.ts';

type Certificate = {readonly key: string; readonly cert: string; readonly sha256: string};

const one = selfSigned('localhost');
const other = selfSigned('localhost');
const elsewhere = selfSigned('elsewhere.example');

// Time-outs, undici's too, pass by hand: what comes first must not depend on a busy machine. From
// the beginning on, since undici keeps one timer for all connections.
vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Waits until it is so; a test that waits in vain is ended by its own time-out. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

/** A server that counts what reaches it. */
async function serve(certificate: Certificate, answer: Answer) {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({key: certificate.key, cert: certificate.cert}, (ask, response) => {
    seen.push(`${ask.method} ${ask.url}`);
    answer(ask, response);
  });
  server.keepAliveTimeout = 60_000;
  server.on('secureConnection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return {url: `https://localhost:${port(server.address())}`, seen, sockets};
}

function port(address: AddressInfo | string | null): number {
  // Safe: the servers here listen on a port, not on a path.
  return (address as AddressInfo).port;
}

function connect(url: string, more: Partial<ExchangeOptions> = {}) {
  const exchange = createExchange({url, trust: {kind: 'pins', sha256: [one.sha256]}, ...more});
  closers.push(() => exchange.close());
  return exchange;
}

const ask = (more: Partial<ExchangeRequest> = {}): ExchangeRequest => ({
  method: 'GET',
  path: '/api2/json/version',
  headers: {authorization: 'PVEAPIToken=a@pve!b=c'},
  body: null,
  timeoutMs: 5_000,
  ...more,
});

const say =
  (text: string): Answer =>
  (_request, response) =>
    void response.end(text);

describe('an answer', () => {
  it('has its status, its reason phrase, lower-case headers and its text', async () => {
    const {url} = await serve(one, (_request, response) => {
      const reason = "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist";
      response.writeHead(500, reason, {'X-Thing': ['a', 'b'], Connection: 'close'});
      response.end('{"data":null}');
    });
    expect(await connect(url).request(ask())).toMatchObject({
      ok: true,
      value: {
        status: 500,
        reason: "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist",
        headers: {'x-thing': 'a, b', connection: 'close'},
        body: '{"data":null}',
      },
    });
  });

  it('is refused beyond the size limit', async () => {
    const {url} = await serve(one, say('x'.repeat(5000)));
    const result = await connect(url, {maxBodyBytes: 4999}).request(ask());
    expect(result).toMatchObject({ok: false, error: {kind: 'cut', sent: 'maybe'}});
  });

  it('that ends before its announced length is no answer', async () => {
    const {url} = await serve(one, (_request, response) => {
      response.writeHead(200, {'content-length': '100'});
      response.write('{"data":');
      setImmediate(() => response.destroy());
    });
    expect(await connect(url).request(ask({method: 'PUT', body: 'a=1'}))).toMatchObject({
      ok: false,
      error: {kind: 'cut', sent: 'maybe'},
    });
  });
});

describe('a request', () => {
  it('goes as HTTP/1.1 with a length, also to a server that prefers HTTP/2', async () => {
    const heads: unknown[] = [];
    const server = createSecureServer({...one, allowHTTP1: true}, (request, response) => {
      const {'content-length': length, 'transfer-encoding': encoding} = request.headers;
      heads.push([request.httpVersion, request.method, length, encoding]);
      response.end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(async () => server.close());
    const exchange = connect(`https://localhost:${port(server.address())}`);
    await exchange.request(ask());
    await exchange.request(ask({method: 'POST', body: ''}));
    await exchange.request(ask({method: 'PUT', body: 'a=%C3%A4'}));
    await exchange.close();
    expect(heads).toEqual([
      ['1.1', 'GET', undefined, undefined],
      ['1.1', 'POST', '0', undefined],
      ['1.1', 'PUT', '8', undefined],
    ]);
  });

  it('for reading keeps connections, for writing has a new one each', async () => {
    const {url, sockets} = await serve(one, say('{}'));
    const exchange = connect(url);
    for (let n = 0; n < 20; n++) await exchange.request(ask());
    // A connection rests for one turn of the event loop before it is used again: two take turns.
    const reading = sockets.size;
    expect(reading).toBeLessThanOrEqual(2);
    for (let n = 0; n < 5; n++) await exchange.request(ask({method: 'POST', body: ''}));
    expect(sockets.size).toBe(reading + 5);
  });

  it('is never sent on a connection that was idle for 4 s: Proxmox closes those at 5', async () => {
    const {url, sockets} = await serve(one, say('{}'));
    const exchange = connect(url);
    await exchange.request(ask());
    // From the turn after an answer on, a connection counts as idle.
    await turn();
    await turn();
    vi.advanceTimersByTime(4_000);
    await until(() => [...sockets].every(({destroyed}) => destroyed));
    await exchange.request(ask());
    expect(sockets.size).toBe(2);
  });
});

describe('trust', () => {
  const refused = {ok: false, error: {kind: 'tls', sent: 'no'}};

  it('a changed certificate sees no request, and the error says which one it is', async () => {
    const {url, seen} = await serve(other, say('{}'));
    const result = await connect(url).request(ask({method: 'POST', body: 'a=1'}));
    expect(result).toMatchObject(refused);
    expect(result).toMatchObject({error: {message: expect.stringContaining(other.sha256)}});
    expect(seen).toEqual([]);
  });

  it('any of several pins will do, in any spelling', async () => {
    const {url} = await serve(one, say('{}'));
    const sha256 = [other.sha256, one.sha256.replaceAll(':', '').toLowerCase()];
    const exchange = connect(url, {trust: {kind: 'pins', sha256}});
    expect(await exchange.request(ask())).toMatchObject({ok: true});
  });

  it('a pin is compared whole', async () => {
    const {url, seen} = await serve(one, say('{}'));
    const last = one.sha256.endsWith('0') ? '1' : '0';
    const first = one.sha256.startsWith('0') ? '1' : '0';
    for (const pin of [`${one.sha256.slice(0, -1)}${last}`, `${first}${one.sha256.slice(1)}`]) {
      const exchange = connect(url, {trust: {kind: 'pins', sha256: [pin]}});
      expect(await exchange.request(ask())).toMatchObject(refused);
    }
    expect(seen).toEqual([]);
  });

  it('an authority is enough, but only for the name that it signed', async () => {
    const good = await serve(one, say('{}'));
    const trusting = connect(good.url, {trust: {kind: 'ca', pem: one.cert}});
    expect(await trusting.request(ask())).toMatchObject({ok: true});
    const strange = await serve(other, say('{}'));
    const pem = {trust: {kind: 'ca', pem: one.cert}} as const;
    expect(await connect(strange.url, pem).request(ask())).toMatchObject(refused);
    const misnamed = await serve(elsewhere, say('{}'));
    const named = {trust: {kind: 'ca', pem: elsewhere.cert}} as const;
    expect(await connect(misnamed.url, named).request(ask())).toMatchObject(refused);
    expect([...strange.seen, ...misnamed.seen]).toEqual([]);
  });

  it.each([
    ['no pins', 'https://localhost:1', {kind: 'pins', sha256: []}],
    ['a pin that is none', 'https://localhost:1', {kind: 'pins', sha256: ['AB:CD']}],
    ['no authority', 'https://localhost:1', {kind: 'ca', pem: ''}],
    ['plain http', 'http://localhost:1', {kind: 'pins', sha256: [one.sha256]}],
  ] as const)('there is no insecure way: %s', (_reason, url, trust) => {
    expect(() => createExchange({url, trust})).toThrow();
  });
});

describe('whether it left', () => {
  it('a refused connection sent nothing', async () => {
    const {url} = await serve(one, say('{}'));
    for (const close of closers.splice(0)) await close();
    const result = await connect(url).request(ask({method: 'POST', body: ''}));
    expect(result).toMatchObject({ok: false, error: {kind: 'connect', sent: 'no'}});
  });

  it('a connection cut after the request may have been too late, and nothing repeats', async () => {
    const {url, seen} = await serve(one, (request) => request.socket.destroy());
    const exchange = connect(url);
    for (const method of ['POST', 'PUT', 'DELETE', 'GET'] as const) {
      const body = method === 'POST' || method === 'PUT' ? 'a=1' : null;
      expect(await exchange.request(ask({method, body}))).toMatchObject({
        ok: false,
        error: {kind: 'cut', sent: 'maybe'},
      });
    }
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['POST', 'PUT', 'DELETE', 'GET']);
  });

  it('an answer that does not come in time may still be worked on', async () => {
    const {url, seen} = await serve(one, () => {});
    const asked = connect(url).request(ask({timeoutMs: 300}));
    await until(() => seen.length === 1);
    vi.advanceTimersByTime(300);
    expect(await asked).toMatchObject({ok: false, error: {kind: 'timeout', sent: 'maybe'}});
    expect(seen.length).toBe(1);
  });

  it('what waited for a connection until its time was over never leaves', async () => {
    const held: ServerResponse[] = [];
    const {url, seen} = await serve(one, (_request, response) => void held.push(response));
    const exchange = connect(url, {connections: 1});
    const first = exchange.request(ask({path: '/first'}));
    const second = exchange.request(ask({path: '/second', timeoutMs: 300}));
    await until(() => held.length === 1);
    vi.advanceTimersByTime(300);
    expect(await second).toMatchObject({ok: false, error: {kind: 'timeout', sent: 'no'}});
    held[0]?.end('{}');
    expect(await first).toMatchObject({ok: true});
    const third = exchange.request(ask({path: '/third'}));
    await until(() => held.length === 2);
    held[1]?.end('{}');
    expect(await third).toMatchObject({ok: true});
    expect(seen).toEqual(['GET /first', 'GET /third']);
  });

  it('giving up says so: before it left, and after', async () => {
    const aborting = new AbortController();
    const {url, seen} = await serve(one, () => aborting.abort());
    const exchange = connect(url);
    const gone = {ok: false, error: {kind: 'cancelled'}};
    const during = await exchange.request(ask({signal: aborting.signal}));
    expect(during).toMatchObject({...gone, error: {sent: 'maybe'}});
    const before = await exchange.request(ask({signal: aborting.signal}));
    expect(before).toMatchObject({...gone, error: {sent: 'no'}});
    expect(seen.length).toBe(1);
    await exchange.close();
    expect(await exchange.request(ask())).toMatchObject({...gone, error: {sent: 'no'}});
  });
});

/** A certificate for one name, signed by itself: DER by hand (RFC 5280), ECDSA on P-256. */
function selfSigned(name: string): Certificate {
  const {publicKey, privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const ecdsaSha256 = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const commonName = der(0x30, der(0x06, Buffer.from('550403', 'hex')), der(0x0c, name));
  const subject = der(0x30, der(0x31, commonName));
  const validity = der(0x30, der(0x17, '200101000000Z'), der(0x17, '491231235959Z'));
  const extension = (id: string, value: Buffer): Buffer =>
    der(0x30, der(0x06, Buffer.from(id, 'hex')), der(0x04, value));
  const extensions = der(
    0x30,
    extension('551d11', der(0x30, der(0x82, name))),
    extension('551d13', der(0x30, der(0x01, Buffer.from([0xff])))),
  );
  const serial = der(0x02, Buffer.from([1]));
  const body = der(
    0x30,
    ...[der(0xa0, der(0x02, Buffer.from([2]))), serial, ecdsaSha256, subject, validity, subject],
    publicKey.export({type: 'spki', format: 'der'}),
    der(0xa3, extensions),
  );
  const signature = createSign('sha256').update(body).sign(privateKey);
  const whole = der(0x30, body, ecdsaSha256, der(0x03, Buffer.from([0]), signature));
  const hex = createHash('sha256').update(whole).digest('hex').toUpperCase();
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({type: 'pkcs8', format: 'pem'}).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    sha256: (hex.match(/../g) ?? []).join(':'),
  };
}

/** One value in DER: tag, length, content. */
function der(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const {length} = content;
  const long = length > 255 ? [0x82, length >> 8, length & 255] : [0x81, length];
  return Buffer.concat([Buffer.from([tag, ...(length < 128 ? [length] : long)]), content]);
}
