// Why this exists: two things about memory are settled when a process begins, so a controller that
// was not told of them begins again. The C library gives each of Node's threads a heap of its own,
// which at 10,000 guests holds 30 MiB of nothing; only Linux knows the variable. And V8's nursery is
// small enough to be emptied ten times a guest, or grows to five times of what is of use here.
const isRun = process.argv.slice(2).includes('run');
if (isRun && process.platform === 'linux' && process.env.MALLOC_ARENA_MAX === undefined) {
  const env = {...process.env, MALLOC_ARENA_MAX: '1'};
  const flags = ['--max-semi-space-size=4', ...process.execArgv];
  process.execve?.(process.execPath, [process.execPath, ...flags, ...process.argv.slice(1)], env);
}
