// Why this exists: a newcomer finds things by their names and by the first line of each file, so
// names, opening comments, docstrings and room READMEs are rules too.
import {ROOMS, roomOf} from './rooms.ts';
import type {Token} from './scan.ts';
import {
  isCode,
  isShipped,
  perFile,
  type Rule,
  type SourceFile,
  scanOf,
  type Violation,
} from './source-file.ts';

// "ha-manager" is Proxmox's own word, so a manager is a drawer only when it stands alone.
const DRAWERS = /^(utils?|helpers?|managers?|common|misc)$|-(utils?|helpers?|misc)$/;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/;

/** The rule that names say what is inside: kebab-case, and no drawers. */
export const nameRule: Rule = perFile(
  'names',
  'files are kebab-case and say what is inside; a drawer says nothing',
  isCode,
  (file) =>
    file.path.split('/').flatMap((part) => {
      const stem = part.replace(/\.(test\.)?ts$/, '');
      if (DRAWERS.test(stem)) return [{path: file.path, line: 1, what: `"${stem}" is a drawer`}];
      return KEBAB.test(part)
        ? []
        : [{path: file.path, line: 1, what: `"${part}" is not kebab-case`}];
    }),
);

/** The rule that each file opens with a comment saying why it exists. */
export const openingRule: Rule = perFile(
  'opening',
  'each file opens with a comment that says why it exists',
  isCode,
  (file) => {
    const text = file.text.replace(/^#!.*\n/, '').trimStart();
    if (text.startsWith('//') || text.startsWith('/*')) return [];
    return [{path: file.path, line: 1, what: 'does not open with a comment'}];
  },
);

const DECLARES = new Set(['const', 'function', 'async', 'class', 'type', 'interface', 'abstract']);

/** The rule that each export of shipped code says what it promises. */
export const docstringRule: Rule = perFile(
  'docstrings',
  'each export has a sentence on what it promises',
  isShipped,
  (file) => {
    const {tokens, comments} = scanOf(file);
    const documented = new Set(comments.map((comment) => comment.lastLine + 1));
    return tokens.flatMap((token, at) => {
      const next = tokens[at + 1];
      const declares = token.text === 'export' && DECLARES.has(next?.text ?? '');
      if (!declares || isTypeList(tokens, at) || documented.has(token.line)) return [];
      const what = `export ${nameOf(tokens, at)} has no docstring`;
      return isOverload(tokens, at) ? [] : [{path: file.path, line: token.line, what}];
    });
  },
);

/** `export type {…} from` exports names that are documented elsewhere. */
function isTypeList(tokens: readonly Token[], at: number): boolean {
  return tokens[at + 1]?.text === 'type' && ['{', '*'].includes(tokens[at + 2]?.text ?? '');
}

/** An overload, or the type that is derived from the constant above it, shares its docstring. */
function isOverload(tokens: readonly Token[], at: number): boolean {
  const text = (index: number) => tokens[index]?.text;
  const derived = text(at + 3) === '=' && text(at + 4) === '(' && text(at + 5) === 'typeof';
  const name = derived ? text(at + 6) : nameOf(tokens, at);
  for (let index = at - 1; index >= 0; index--) {
    if (text(index) === 'export') return nameOf(tokens, index) === name;
  }
  return false;
}

function nameOf(tokens: readonly Token[], at: number): string {
  let index = at + 1;
  while (DECLARES.has(tokens[index]?.text ?? '')) index++;
  return tokens[index]?.text ?? '';
}

/** The rule against default exports; configuration files of tools need them. */
export const defaultExportRule: Rule = perFile(
  'default exports',
  'a thing has one name everywhere, the one it was exported with',
  (file) => isCode(file) && !file.path.endsWith('.config.ts'),
  (file) => pairs(file, 'export', 'default', 'has a default export'),
);

/** The rule against module mocks. */
export const mockRule: Rule = perFile(
  'mocks',
  'a test builds another World; replacing modules hides what the code really imports',
  isCode,
  (file) =>
    ['mock', 'doMock'].flatMap((name) =>
      pairs(file, '.', name, `calls vi.${name}`).filter(({at}) => at('vi')),
    ),
);

type Pair = Violation & {readonly at: (before: string) => boolean};

function pairs(file: SourceFile, first: string, second: string, what: string): readonly Pair[] {
  const {tokens} = scanOf(file);
  return tokens.flatMap((token, index) => {
    if (token.text !== first || tokens[index + 1]?.text !== second) return [];
    const at = (before: string) => tokens[index - 1]?.text === before;
    return [{path: file.path, line: token.line, what, at}];
  });
}

/** The rule that each room, and each kind, has a README with its purpose and its imports. */
export const readmeRule: Rule = {
  name: 'readmes',
  because: 'a room is understood from its README: purpose first, then what it may import',
  check: (files) => {
    const byPath = new Map(files.map((file) => [file.path, file]));
    return placesOf(files).flatMap((place) => {
      const path = `${place}/README.md`;
      const readme = byPath.get(path);
      if (readme === undefined) return [{path, line: 1, what: 'is missing'}];
      return judgeReadme(path, readme.text);
    });
  },
};

function placesOf(files: readonly SourceFile[]): readonly string[] {
  const places = files.filter(isShipped).flatMap(({path}) => {
    const room = roomOf(path);
    if (room === null || !(room in ROOMS)) return [];
    const kind = /^src\/kinds\/[^/]+(?=\/)/.exec(path)?.[0];
    return kind === undefined ? [`src/${room}`] : [`src/${room}`, kind];
  });
  return [...new Set(places)].sort();
}

function judgeReadme(path: string, text: string): readonly Violation[] {
  const [first = ''] = text.split('\n');
  const purpose = first.replace(/^#+\s*/, '').trim();
  const says = purpose.split(/\s+/).length >= 3;
  const violations: Violation[] = [];
  if (!says) violations.push({path, line: 1, what: 'does not open with the purpose'});
  if (!/\bimports?\b/i.test(text)) {
    violations.push({path, line: 2, what: 'does not say what the room may import'});
  }
  return violations;
}
