// Why this exists: where the process begins and ends: signals and the exit code.

import './heap.ts';
import {execute} from './execute.ts';
import {EXIT, processIo} from './io.ts';

const abort = new AbortController();
let asked = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A terminal that closes ends a command; whoever else listens (`run`) means something by it.
    if (signal === 'SIGHUP' && process.listenerCount(signal) > 1) return;
    asked += 1;
    abort.abort();
    // A second Ctrl-C means it: tasks are Proxmox's, and open intents are resumed at the next
    // start.
    if (asked > 1) process.exit(EXIT.error);
  });
}
/** How long what is under way may take to end when nobody reads any more. */
const LAST_MS = 12_000;
let unwritten = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') {
    // A reader such as `head` that closes early is no failure; what runs ends as with Ctrl-C.
    abort.abort();
    setTimeout(() => process.exit(), LAST_MS).unref();
    return;
  }
  if (!unwritten)
    process.stderr.write(`error: the output could not be written: ${error.message}\n`);
  unwritten = true;
  process.exitCode = EXIT.error;
});
// There is nowhere left to say so.
process.stderr.on('error', () => undefined);

const io = processIo(abort.signal);
const code = await execute(io, process.argv.slice(2));
process.exitCode = unwritten ? EXIT.error : code;
