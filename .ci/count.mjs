// Why this exists: CI ends with one line that sums all suites. Reads vitest's JSON reports; a stage
// that failed without a failing test of its own counts as one failure.
// Usage: node count.mjs REPORT_FOLDER FAILED_STAGE…, where a test stage's report is named after it.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

const [folder = '.', ...failedStages] = process.argv.slice(2);

function report(file) {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8'));
  } catch {
    return {};
  }
}

const reports = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.json')) : [];
let passed = 0;
let failed = 0;
const explained = new Set();
for (const file of reports) {
  const {numPassedTests = 0, numFailedTests = 0} = report(file);
  passed += numPassedTests;
  failed += numFailedTests;
  if (numFailedTests > 0) explained.add(file.replace(/\.json$/, ''));
}
failed += failedStages.filter((stage) => !explained.has(stage)).length;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
