// Why this exists: any Proxmox client can talk to the simulator: TLS on loopback with the HTTP
// habits of pveproxy, and real time mapped to the virtual clock.

import type {IncomingMessage, ServerResponse} from 'node:http';
import {createServer, type Server} from 'node:https';
import type {AddressInfo, Socket} from 'node:net';
import {makeCertificate} from './certificate.ts';
import {advance, nextDueMs} from './clock.ts';
import {accept} from './handle.ts';
import type {Request, Response} from './http.ts';
import type {Cluster} from './state.ts';

/** A listening simulator. */
export interface Listening {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  readonly fingerprint: string;
  readonly certificatePem: string;
  /** Virtual time as of now. */
  readonly nowMs: () => number;
  /** Stop: open connections are cut. */
  readonly close: () => Promise<void>;
}

/** How to listen. */
export interface ListenOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** How many virtual ms pass in a real one; default 1. */
  readonly speed?: number;
  /** Called before a request is served; false: the connection is cut and nothing was done. */
  readonly admit?: (request: Request) => boolean;
  /** Called for each request once answered, e.g. to log it. */
  readonly onAnswer?: (request: Request, response: Response) => void;
}

const keepAliveMs = 5_000;
/** A body beyond pveproxy's limit is read no further than this, so that the answer can be sent. */
const readLimitBytes = 64 * 1024 * 1024;

/** Serve a cluster over TLS on 127.0.0.1. */
export async function listen(cluster: Cluster, options: ListenOptions = {}): Promise<Listening> {
  const clock = new RealClock(cluster, options.speed ?? 1);
  const certificate = makeCertificate(Date.now());
  const server = createServer({
    key: certificate.keyPem,
    cert: certificate.certificatePem,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: 8 * 1024,
  });
  const sockets = new Set<Socket>();
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  server.maxRequestsPerSocket = 100;
  server.on('request', (incoming, outgoing) => {
    readRequest(incoming, (request) => {
      clock.tick();
      if (options.admit?.(request) === false) {
        send(outgoing, {kind: 'cut'}, cluster.nowMs);
        return;
      }
      accept(cluster, request, cluster.nowMs, (response) => {
        options.onAnswer?.(request, response);
        send(outgoing, response, cluster.nowMs - cluster.aheadMs);
      });
      clock.schedule();
    });
  });
  try {
    await start(server, options.port ?? 0);
  } catch (error) {
    // Its timer would keep the process alive after the message.
    clock.stop();
    throw error;
  }
  setFingerprint(cluster, certificate.fingerprint);
  // Safe: a listening TCP server has an address with a port.
  const {port} = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    fingerprint: certificate.fingerprint,
    certificatePem: certificate.certificatePem,
    nowMs: () => {
      clock.tick();
      return cluster.nowMs;
    },
    close: () => stop(server, sockets, clock),
  };
}

/** Real time drives the virtual clock: a class because it owns a timer. */
class RealClock {
  readonly #cluster: Cluster;
  readonly #speed: number;
  readonly #startRealMs = performance.now();
  readonly #startVirtualMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(cluster: Cluster, speed: number) {
    this.#cluster = cluster;
    this.#speed = speed;
    this.#startVirtualMs = cluster.nowMs;
    this.schedule();
  }

  /** Bring the virtual clock up to date. */
  tick(): void {
    const realMs = performance.now() - this.#startRealMs;
    const passedMs = Math.floor(realMs * this.#speed);
    advance(this.#cluster, this.#startVirtualMs + passedMs);
    // Hurried tasks must not make the nodes' clocks wrong: who reads them compares with its own.
    this.#cluster.aheadMs = passedMs - Math.floor(realMs);
  }

  /** Wake up when the next thing is due. */
  schedule(): void {
    clearTimeout(this.#timer);
    const due = nextDueMs(this.#cluster);
    if (due !== undefined && !this.#stopped) {
      const waitMs = Math.max(1, Math.ceil((due - this.#cluster.nowMs) / this.#speed));
      this.#timer = setTimeout(() => {
        this.tick();
        this.schedule();
      }, waitMs);
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

function readRequest(incoming: IncomingMessage, then: (request: Request) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= readLimitBytes) {
      chunks.push(chunk);
    }
  });
  incoming.on('error', () => {});
  incoming.on('end', () => {
    const isUpload = incoming.headers['content-type']?.startsWith('multipart/') === true;
    then({
      method: incoming.method ?? 'GET',
      path: incoming.url ?? '/',
      headers: headersOf(incoming),
      body: Buffer.concat(chunks).toString(isUpload ? 'latin1' : 'utf8'),
    });
  });
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  const entries = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
    name,
    [value ?? ''].flat().join(', '),
  ]);
  return Object.fromEntries(entries);
}

function send(outgoing: ServerResponse, response: Response, nowMs: number): void {
  if (response.kind === 'silence') {
    return;
  }
  if (response.kind === 'cut') {
    outgoing.socket?.destroy();
    return;
  }
  const body = Buffer.from(response.body);
  const date = new Date(nowMs).toUTCString();
  outgoing.sendDate = false;
  outgoing.writeHead(response.status, headerText(response.reason), {
    ...response.headers,
    date,
    expires: date,
    'content-length': body.length,
    connection: response.closeConnection ? 'close' : 'Keep-Alive',
  });
  outgoing.end(body);
}

/** A status line is latin1; what does not fit in it is sent as UTF-8 bytes. */
function headerText(reason: string): string {
  return Buffer.from(reason, 'utf8').toString('latin1');
}

function start(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

function stop(server: Server, sockets: ReadonlySet<Socket>, clock: RealClock): Promise<void> {
  clock.stop();
  for (const socket of sockets) {
    socket.destroy();
  }
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** Every node shows the listening certificate: all of them answer here. */
function setFingerprint(cluster: Cluster, fingerprint: string): void {
  for (const [name, node] of cluster.nodes) {
    cluster.nodes.set(name, {...node, fingerprint});
  }
}
