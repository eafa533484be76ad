// Why this exists: what a child process may see of our environment is a list, because ours holds
// tokens.

/** What every program gets where it is set; none of it holds a secret or changes what git does. */
const ALWAYS = ['PATH', 'TZ', 'TMPDIR'] as const;

/** The allowed variables of `from` (the few above and `names`), with the C locale for messages. */
export function scrubbedEnvironment(
  from: {readonly [name: string]: string | undefined},
  names: readonly string[] = [],
): {readonly [name: string]: string} {
  const env: {[name: string]: string} = {LC_ALL: 'C.UTF-8'};
  for (const name of [...ALWAYS, ...names]) {
    const value = from[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
