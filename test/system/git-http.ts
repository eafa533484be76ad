// Why this exists: suites need a Git server over HTTP that nobody here wrote. Git brings one,
// `git http-backend`, as a CGI program; this is the smallest bridge from HTTP to CGI.
import {spawn} from 'node:child_process';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

/** What the server shows, and to whom. */
export type GitHttpOptions = {
  /** Folder whose bare repositories are served, each below its own name. */
  readonly root: string;
  /** With it, every request needs these; without it anybody may read and push. */
  readonly basicAuth?: {readonly user: string; readonly password: string};
};

/** A running server: its address without a slash at the end, what it was asked, and its end. */
export type GitHttpServer = {
  readonly url: string;
  /** One line per request, such as `GET /infra.git/info/refs?service=git-upload-pack`. */
  readonly requests: readonly string[];
  readonly close: () => Promise<void>;
};

/** Serves bare repositories on loopback until closed. */
export async function serveGit(options: GitHttpOptions): Promise<GitHttpServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (!mayEnter(request, options)) return refuse(response);
    bridge(request, response, options);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Safe: a server that listens on TCP has an address of this shape.
  const {port} = server.address() as AddressInfo;
  return {url: `http://127.0.0.1:${port}`, requests, close: () => closeServer(server)};
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function mayEnter(request: IncomingMessage, {basicAuth}: GitHttpOptions): boolean {
  if (basicAuth === undefined) return true;
  const pair = Buffer.from(`${basicAuth.user}:${basicAuth.password}`).toString('base64');
  return request.headers.authorization === `Basic ${pair}`;
}

function refuse(response: ServerResponse): void {
  response.writeHead(401, {'www-authenticate': 'Basic realm="git"'}).end('who are you?\n');
}

function bridge(request: IncomingMessage, response: ServerResponse, options: GitHttpOptions): void {
  const child = spawn('git', ['http-backend'], {
    env: variables(request, options),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(child.stdin);
  child.stdin.on('error', () => request.resume());
  child.on('error', () => response.writeHead(500).end());
  response.on('close', () => child.kill());
  forward(child.stdout, response);
}

/** The CGI variables that `git help http-backend` asks for. */
function variables(request: IncomingMessage, options: GitHttpOptions): Record<string, string> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const {headers} = request;
  return {
    PATH: process.env['PATH'] ?? '',
    GIT_PROJECT_ROOT: options.root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.receivepack',
    GIT_CONFIG_VALUE_0: 'true',
    GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    REMOTE_USER: options.basicAuth?.user ?? '',
    REQUEST_METHOD: request.method ?? 'GET',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
    ...(headers['content-length'] ? {CONTENT_LENGTH: headers['content-length']} : {}),
  };
}

/** A CGI answer is header lines, an empty line and the body; `Status:` is the status. */
function forward(output: NodeJS.ReadableStream, response: ServerResponse): void {
  let head: Buffer = Buffer.alloc(0);
  output.on('data', (chunk: Buffer) => {
    if (response.headersSent) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    writeHead(response, head.subarray(0, end).toString('latin1'));
    response.write(head.subarray(end + 4));
  });
  output.on('end', () => {
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
}

function writeHead(response: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
}
