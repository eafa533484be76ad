// Why this exists: where the process begins and ends: signals and the exit code.

import './heap.ts';
import {execute} from './execute.ts';
import {EXIT, processIo} from './io.ts';

const abort = new AbortController();
let asked = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    asked += 1;
    abort.abort();
    // A second Ctrl-C means it: tasks are Proxmox's, and open intents are resumed at the next
    // start.
    if (asked > 1) process.exit(EXIT.error);
  });
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader such as `head` that closes early is no failure.
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
});

const io = processIo(abort.signal);
process.exitCode = await execute(io, process.argv.slice(2));
