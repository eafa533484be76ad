// Why this exists: the list of all house rules, so that the repository and the seeded violations
// are judged by the same ones.
import {anyRule, castRule} from './casts.ts';
import {cycleRule} from './cycles.ts';
import {
  defaultExportRule,
  docstringRule,
  mockRule,
  nameRule,
  openingRule,
  readmeRule,
} from './layout.ts';
import {purityRule} from './purity.ts';
import {roomRule} from './rooms.ts';
import {fileLengthRule, functionLengthRule, lineLengthRule} from './sizes.ts';
import type {Rule} from './source-file.ts';
import {wordRule} from './words.ts';

/** Every house rule. */
export const HOUSE_RULES: readonly Rule[] = [
  roomRule,
  purityRule,
  cycleRule,
  fileLengthRule,
  functionLengthRule,
  lineLengthRule,
  anyRule,
  castRule,
  nameRule,
  openingRule,
  docstringRule,
  defaultExportRule,
  mockRule,
  readmeRule,
  wordRule,
];
