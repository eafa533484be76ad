// Why this exists: what is promised, by what it is proven, and what is open, for a person to read:
// node test/promises/list.ts
import {ITEMS} from './items.ts';
import {PROMISES} from './promises.ts';

const rows = ITEMS.flatMap((item) =>
  PROMISES.filter((one) => one.item === item).map(({says, by, open}) => ({
    item,
    says: says.length > 78 ? `${says.slice(0, 77)}…` : says,
    proofs: by.length,
    open: open === undefined ? '' : `issue ${open.issue}: ${open.because}`,
  })),
);
console.table(rows);
const proven = rows.filter(({open}) => open === '');
const without = rows.filter(({proofs}) => proofs === 0);
console.log(
  `promises: ${rows.length}, proven: ${proven.length}, without a test: ${without.length}`,
);
