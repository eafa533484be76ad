// Why this exists: crash points and seeds are many and independent, so they are shared out over the
// processors; a worker runs the same module and posts its results.
import {availableParallelism} from 'node:os';
import {isMainThread, parentPort, Worker, workerData} from 'node:worker_threads';

const MOST_WORKERS = 8;

/** Runs `module` in workers, each with a share of the items; results in any order. */
export async function spread<Item, Result>(
  module: string,
  items: readonly Item[],
): Promise<readonly Result[]> {
  const count = Math.min(availableParallelism(), MOST_WORKERS, Math.max(1, items.length));
  const shares = Array.from({length: count}, (_, at) =>
    items.filter((_item, index) => index % count === at),
  );
  const done = await Promise.all(shares.map((share) => runShare<Item, Result>(module, share)));
  return done.flat();
}

/** In a worker: does every item of its share and posts the results. In the main thread: nothing. */
export async function serve<Item, Result>(work: (item: Item) => Promise<Result>): Promise<void> {
  if (isMainThread) return;
  const results: Result[] = [];
  // Safe: runShare hands over exactly this.
  for (const item of workerData as readonly Item[]) results.push(await work(item));
  parentPort?.postMessage(results);
}

function runShare<Item, Result>(
  module: string,
  items: readonly Item[],
): Promise<readonly Result[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(module), {workerData: items});
    // Safe: serve posts exactly this.
    worker.once('message', (results) => resolve(results as readonly Result[]));
    worker.once('error', reject);
  });
}
