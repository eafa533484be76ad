// Why this exists: `npm run test:bad-input` ends with the number of codes, for whoever asks.
import {codeTables} from './codes.ts';

const tables = await codeTables();
const codes = new Set(tables.flatMap(({codes: table}) => Object.keys(table)));
console.log(`${codes.size} codes`);
