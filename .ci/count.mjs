// Why this exists: CI ends with what failed, by name, and one line that sums all suites. Reads
// vitest's JSON reports, the errors outside of any test (outside.mjs) and what the stages printed.
// A stage that failed without a failing test of its own counts as one failure.
// Usage: node count.mjs REPORT_FOLDER FAILED_STAGE…, where a stage's files are named after it:
// STAGE.json, STAGE.outside.json and STAGE.log.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join, relative} from 'node:path';
import {stripVTControlCharacters} from 'node:util';

/** Lines of a failure's message, and of what a stage printed last. */
const MESSAGE_LINES = 8;
const LAST_LINES = 15;

const [folder = '.', ...failedStages] = process.argv.slice(2);

function read(file) {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch {
    return '';
  }
}

function parsed(file, otherwise) {
  try {
    return JSON.parse(read(file));
  } catch {
    return otherwise;
  }
}

function linesOf(text) {
  const lines = stripVTControlCharacters(String(text)).split('\n');
  return lines.map((line) => line.trimEnd()).filter(Boolean);
}

function say(head, lines) {
  console.log([head, ...lines.map((line) => `    ${line}`)].join('\n'));
}

function sayTest(stage, file, {ancestorTitles = [], title = '', failureMessages = []}) {
  const path = [relative('.', file), ...ancestorTitles.filter(Boolean), title].join(' > ');
  say(`FAILED ${stage}: ${path}`, linesOf(failureMessages.join('\n')).slice(0, MESSAGE_LINES));
}

/** Names what failed in a report; whether it found anything. */
function sayReport(stage, {testResults = []}) {
  let found = false;
  for (const {name = '', status, message = '', assertionResults = []} of testResults) {
    const failing = assertionResults.filter((one) => one.status === 'failed');
    for (const one of failing) sayTest(stage, name, one);
    const isFile = status === 'failed' && failing.length === 0;
    const head = `FAILED ${stage}: ${relative('.', name)} as a whole`;
    if (isFile) say(head, linesOf(message).slice(0, MESSAGE_LINES));
    found ||= isFile || failing.length > 0;
  }
  return found;
}

/** Names the errors that belong to no test; whether there were any. */
function sayOutside(stage) {
  const errors = parsed(`${stage}.outside.json`, []);
  for (const {text} of errors) {
    say(`FAILED ${stage}: an error outside of any test`, linesOf(text).slice(0, MESSAGE_LINES));
  }
  return errors.length > 0;
}

const SUFFIX = /(?<!\.outside)\.json$/;
const files = existsSync(folder) ? readdirSync(folder).filter((file) => SUFFIX.test(file)) : [];
const reports = new Map(files.map((file) => [file.replace(SUFFIX, ''), parsed(file, {})]));
let passed = 0;
let failed = 0;
const explained = new Set();
for (const [stage, report] of reports) {
  const {numPassedTests = 0, numFailedTests = 0} = report;
  passed += numPassedTests;
  failed += numFailedTests;
  if (numFailedTests > 0) explained.add(stage);
}
failed += failedStages.filter((stage) => !explained.has(stage)).length;
for (const stage of new Set([...reports.keys(), ...failedStages])) {
  const named = [sayReport(stage, reports.get(stage) ?? {}), sayOutside(stage)].includes(true);
  if (named || !failedStages.includes(stage)) continue;
  const last = linesOf(read(`${stage}.log`)).slice(-LAST_LINES);
  say(`FAILED ${stage}: the last that it printed:`, last);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
