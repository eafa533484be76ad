// Why this exists: a sabotaged copy of the program is run by this in a process of its own; it
// prints the promises that are broken, and how that was seen, as one line of JSON. Usage: node
// run-watchmen.ts
import {AssertionError} from 'node:assert';
import {endStories} from './stage.ts';
import {type Broken, WATCHMEN} from './watchmen.ts';

const broken: Broken[] = [];
for (const {title, tell} of WATCHMEN) {
  try {
    await tell();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [because = ''] = message.split('\n').filter((line) => line.trim() !== '');
    broken.push({title, isJudged: error instanceof AssertionError, because});
  } finally {
    endStories();
  }
}
console.log(JSON.stringify(broken));
