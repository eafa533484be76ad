// Why this exists: the C library gives each of Node's threads a heap of its own, which at 10,000
// guests holds 30 MiB of nothing. How many heaps there may be is read once, when a process begins,
// so a controller begins again with the answer. Only Linux's own C library knows the variable.
const isRun = process.argv.slice(2).includes('run');
if (isRun && process.platform === 'linux' && process.env.MALLOC_ARENA_MAX === undefined) {
  const env = {...process.env, MALLOC_ARENA_MAX: '2'};
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, words, env);
}
