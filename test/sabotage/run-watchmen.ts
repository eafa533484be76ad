// Why this exists: a sabotaged copy of the program is run by this in a process of its own; it
// prints the titles of the promises that are broken as one line of JSON. Usage: node run-
// watchmen.ts
import {endStories} from './stage.ts';
import {WATCHMEN} from './watchmen.ts';

const broken: string[] = [];
for (const {title, tell} of WATCHMEN) {
  try {
    await tell();
  } catch {
    broken.push(title);
  } finally {
    endStories();
  }
}
console.log(JSON.stringify(broken));
