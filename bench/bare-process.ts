// Why this exists: the least that any program must do for a pass: fetch the same URLs, as many at a
// time, and parse the answers. What pvegit needs beyond that is its own cost.
import {Pool} from 'undici';
import {answer} from './child.ts';
import type {BareAnswers} from './messages.ts';

interface Job {
  readonly url: string;
  readonly token: string;
  readonly reads: readonly string[];
  readonly perNode: number;
}

let pool: Pool | null = null;

/** The cluster's lists come first: only they say which guests there are to be asked for. */
async function loop({url, token, reads, perNode}: Job): Promise<BareAnswers['loop']> {
  pool ??= new Pool(url, {
    connections: 24,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: 3_000,
    maxRequestsPerClient: 90,
    connect: {rejectUnauthorized: false},
  });
  const began = performance.now();
  const isOfCluster = (path: string): boolean => nodeOf(path) === '';
  const headers = {authorization: `PVEAPIToken=${token}`};
  let bytes = await fetchAll(pool, reads.filter(isOfCluster), perNode, headers);
  const rest = reads.filter((path) => !isOfCluster(path));
  bytes += await fetchAll(pool, rest, perNode, headers);
  return {wallMs: performance.now() - began, bytes};
}

async function fetchAll(
  from: Pool,
  paths: readonly string[],
  perNode: number,
  headers: {readonly [name: string]: string},
): Promise<number> {
  let bytes = 0;
  const workers = [...Map.groupBy(paths, nodeOf).values()].flatMap((queue) => {
    const left = queue.values();
    return Array.from({length: perNode}, async () => {
      for (const path of left) {
        const {body} = await from.request({method: 'GET', path, headers});
        const text = await body.text();
        JSON.parse(text);
        bytes += text.length;
      }
    });
  });
  await Promise.all(workers);
  return bytes;
}

function nodeOf(path: string): string {
  return /^\/api2\/json\/nodes\/([^/?]+)/.exec(path)?.[1] ?? '';
}

answer<BareAnswers>({
  // Safe: the driver sends a Job.
  loop: (job) => loop(job as Job),
});
