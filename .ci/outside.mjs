// Why this exists: vitest's JSON report is silent about errors that belong to no test, such as a
// rejection that nobody awaited, and yet they fail its run. This reporter writes them to the file
// that OUTSIDE names, for count.mjs.
import {writeFileSync} from 'node:fs';

/** A reporter of vitest; a list of `{text}`, empty when there was no such error. */
export default class Outside {
  onTestRunEnd(_modules, errors) {
    const file = process.env.OUTSIDE;
    if (file === undefined) return;
    writeFileSync(file, JSON.stringify(errors.map((error) => ({text: textOf(error)}))));
  }
}

/** What happened, where, and while which file ran. */
function textOf({type, name, message, stack, VITEST_TEST_PATH: file, VITEST_TEST_NAME: test}) {
  const origin = [type, file, test].filter(Boolean).join(', ');
  return [
    origin,
    `${name}: ${message}`,
    ...String(stack ?? '')
      .split('\n')
      .slice(1),
  ].join('\n');
}
