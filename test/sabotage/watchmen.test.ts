// Why this exists: the promises that are sabotaged elsewhere hold of the program as it is.
import {afterEach, test} from 'vitest';
import {endStories} from './stage.ts';
import {WATCHMEN} from './watchmen.ts';

afterEach(endStories);

test.each(WATCHMEN)('$title', ({tell}) => tell());
