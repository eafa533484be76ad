// Why this exists: tests write a revision as texts by path; the rest of it is the same everywhere.

import {sha256Hex} from '../../src/core/canonical.ts';
import type {RepositoryFile, Revision} from '../../src/core/model.ts';

/** A revision with these files; text is encoded as UTF-8. */
export function revisionOf(
  files: {readonly [path: string]: string | Uint8Array},
  more: Partial<Revision> = {},
): Revision {
  return {
    source: 'home',
    commit: '0123456789abcdef0123456789abcdef01234567',
    branch: 'main',
    author: null,
    subject: null,
    committedAt: null,
    signature: {kind: 'unchecked'},
    ancestry: 'first',
    files: Object.entries(files).map(([path, content]) => fileOf(path, content)),
    skipped: [],
    ...more,
  };
}

/** One file; its blob id is a hash of the content. */
export function fileOf(path: string, content: string | Uint8Array): RepositoryFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {path, blob: sha256Hex(bytes), bytes};
}
