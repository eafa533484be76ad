#!/usr/bin/env node
// Why this exists: the version is checked before anything is imported, since newer syntax and
// packages would otherwise fail at import with a message that helps nobody.
import './check-node.mjs';
import './lean.mjs';
import {existsSync} from 'node:fs';

const built = new URL('../dist/cli/main.js', import.meta.url);
const source = new URL('../src/cli/main.ts', import.meta.url);
await import(existsSync(source) ? source.href : built.href);
