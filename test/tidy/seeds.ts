// Why this exists: a rule that nothing can break proves nothing. Each rule has seeded files that it
// must catch, and innocent ones, close to them, that it must let pass.
import type {SourceFile} from './source-file.ts';

/** A small repository; `guilty` says whether the rule must find something in it. */
export type Seed = {
  readonly rule: string;
  readonly reason: string;
  readonly guilty: boolean;
  readonly files: readonly SourceFile[];
};

const OPENING = '// Why this exists: a seed.\n';

/** Files of a pure room and of the shell, in which most rules can be broken. */
const PLAN = 'src/plan/pair.ts';
const PVE = 'src/pve/client.ts';
const TEST = 'src/plan/pair.test.ts';

function bad(rule: string, reason: string, path: string, text: string): Seed {
  return {rule, reason, guilty: true, files: [{path, text: OPENING + text}]};
}

function good(rule: string, reason: string, path: string, text: string): Seed {
  return {rule, reason, guilty: false, files: [{path, text: OPENING + text}]};
}

function imports(from: string): string {
  return `import {a} from '${from}';\n`;
}

const ROOMS: readonly Seed[] = [
  bad('rooms', 'plan must not reach pve', PLAN, imports('../pve/client.ts')),
  bad('rooms', 'a type import counts', PLAN, "import type {A} from '../pve/client.ts';\n"),
  bad('rooms', 'a re-export counts', PLAN, "export {a} from '../gate/judge.ts';\n"),
  bad('rooms', 'a type in an expression counts', PLAN, "type A = import('../pve/a.ts').A;\n"),
  bad('rooms', 'the engine never imports kinds', PLAN, imports('../kinds/index.ts')),
  bad(
    'rooms',
    'one kind does not know another',
    'src/kinds/pool/index.ts',
    imports('../virtual-machine/index.ts'),
  ),
  bad('rooms', 'a package belongs to its row', PLAN, imports('undici')),
  bad('rooms', 'a pure room has no node modules', PLAN, imports('node:path')),
  bad('rooms', 'only programs starts processes', PVE, imports('node:child_process')),
  bad('rooms', 'only the journal opens a store', PVE, imports('node:sqlite')),
  bad('rooms', 'only three rooms touch the network', 'src/apply/run.ts', imports('node:net')),
  bad('rooms', 'the simulator shares only shapes', 'src/simulator/a.ts', imports('../pve/pin.ts')),
  bad('rooms', 'shipped code never imports tests', PLAN, imports('../../test/builders.ts')),
  bad('rooms', 'a folder without a row', 'src/drawer/a.ts', 'const a = 1;\n'),
  good('rooms', 'core is for all', PLAN, imports('../core/model.ts')),
  good('rooms', 'a room imports itself', PLAN, imports('./diff.ts')),
  good('rooms', 'tests import anything', TEST, imports('../kinds/index.ts') + imports('vitest')),
  good('rooms', 'the command line composes all', 'src/cli/world.ts', imports('../kinds/index.ts')),
  good('rooms', 'wire shapes are shared', 'src/simulator/a.ts', imports('../pve/wire.ts')),
  good('rooms', 'subpaths are the package', 'src/manifest/a.ts', imports('ajv/dist/2020.js')),
  good('rooms', 'scopes are packages', 'src/status/a.ts', imports('@fastify/swagger')),
  good('rooms', 'guests share a library', 'src/kinds/pool/a.ts', imports('../guest/size.ts')),
  good('rooms', 'the registry names all kinds', 'src/kinds/index.ts', imports('./pool/index.ts')),
  good('rooms', 'a string is no import', PLAN, "const from = 'a';\nconst b = {from: 'undici'};\n"),
];

const PURITY: readonly Seed[] = [
  bad('purity', 'no async', PLAN, 'async function a() {}\n'),
  bad('purity', 'no promise', PLAN, 'type A = Promise<string>;\n'),
  bad('purity', 'no clock', PLAN, 'const a = Date.now();\n'),
  bad('purity', 'no clock by another name', PLAN, 'const a = new Date();\n'),
  bad('purity', 'no clock without parentheses', PLAN, 'const a = new Date;\n'),
  bad('purity', 'no chance', PLAN, 'const a = Math.random();\n'),
  bad('purity', 'no environment', PLAN, "const a = process.env['A'];\n"),
  bad('purity', 'no output', PLAN, "console.log('a');\n"),
  bad('purity', 'no requests', PLAN, "fetch('a');\n"),
  bad('purity', 'no timers', PLAN, 'setTimeout(a, 1);\n'),
  bad('purity', 'no way around', PLAN, "globalThis['fetch']('a');\n"),
  bad('purity', 'inside a template too', PLAN, 'const a = `${Date.now()}`;\n'),
  good('purity', 'a given time is a value', PLAN, 'const a = new Date(now).getTime();\n'),
  good('purity', 'a word in a string', PLAN, "const a = 'await process.exit';\n"),
  good('purity', 'a word in a comment', PLAN, '// await Promise.all\nconst a = 1;\n'),
  good(
    'purity',
    'a property of that name',
    PLAN,
    'const a = {process: 1};\nconst b = a.process;\n',
  ),
  bad('purity', 'the seam waits for nothing', 'src/core/ports.ts', 'const a = Promise.all([]);\n'),
  good('purity', 'the seam', 'src/core/ports.ts', 'interface A {\n  fetch(): Promise<B>;\n}\n'),
  good('purity', 'the shell waits', PVE, 'const a = await b();\n'),
  good('purity', 'tests wait', TEST, 'const a = await b();\n'),
];

function lines(count: number): string {
  return Array.from({length: count}, (_, index) => `  call(${index});\n`).join('');
}

const SIZES: readonly Seed[] = [
  bad('file length', '401 lines', PLAN, lines(400)),
  good('file length', '400 lines', PLAN, lines(399)),
  good('file length', 'generated', 'src/core/keys.generated.ts', lines(999)),
  bad('function length', 'a function of 71 lines', PLAN, `function a(): void {\n${lines(69)}}\n`),
  bad('function length', 'an arrow', PLAN, `const a = (): number => {\n${lines(70)}};\n`),
  bad(
    'function length',
    'a method',
    PLAN,
    `class A {\n  async a<T>(): B<T> {\n${lines(69)}  }\n}\n`,
  ),
  bad(
    'function length',
    'a return type with braces',
    PLAN,
    `function a(b: number): {c: number} | null {\n${lines(69)}}\n`,
  ),
  bad('function length', 'a test case', TEST, `  it('a', () => {\n${lines(69)}});\n`),
  good('function length', 'a function of 70 lines', PLAN, `function a() {\n${lines(68)}}\n`),
  good('function length', 'a class is no function', PLAN, `class A {\n${lines(99)}}\n`),
  good('function length', 'a table is no function', PLAN, `const a = {\n${lines(99)}};\n`),
  good('function length', 'a block is no function', PLAN, `if (a) {\n${lines(99)}}\n`),
  good('function length', 'a chapter of tests', TEST, `describe('a', () => {\n${lines(99)}});\n`),
  bad('line length', '101 columns', PLAN, `// ${'a '.repeat(49)}\n`),
  bad('line length', 'long words in shipped code', PLAN, `const a = '${'a'.repeat(99)}';\n`),
  good('line length', 'a pattern alone', PLAN, `const a =\n  /${'a'.repeat(99)}/;\n`),
  good('line length', 'a key in a test', TEST, `const a = '${'a'.repeat(99)}';\n`),
  good('line length', '100 characters, more bytes', PLAN, `// ${'é'.repeat(97)}\n`),
];

const CASTS: readonly Seed[] = [
  bad('any', 'an annotation', PLAN, 'const a: any = 1;\n'),
  bad('any', 'an argument of a type', PLAN, 'const a: Map<string, any> = b;\n'),
  bad('any', 'a list', TEST, 'const a: any[] = [];\n'),
  bad('any', 'an alias', PLAN, 'type A = any;\n'),
  good('any', 'a name', PLAN, 'function f(all: A, any = false) {\n  g(all, any);\n}\n'),
  good('any', 'a word', PLAN, "// any word\nconst a = 'any';\nAbortSignal.any([]);\n"),
  bad('casts', 'a cast', PLAN, 'const a = b as C;\n'),
  bad('casts', 'a cast in a test', TEST, 'const a = b as C;\n'),
  bad('casts', 'a cast to a literal', PLAN, "const a = b as 'c';\n"),
  bad('casts', 'a cast of a call', PLAN, 'const a = b() as {c: 1};\n'),
  bad('casts', 'a non-null', PLAN, 'const a = b[0]!;\n'),
  bad('casts', 'a non-null in a chain', PLAN, 'const a = b!.c;\n'),
  bad('casts', 'a reason too far above', PLAN, '// Safe: no.\n\n\n\nconst a = b as C;\n'),
  bad('casts', 'a comment that gives no reason', PLAN, '// It is safe.\nconst a = b as C;\n'),
  bad('casts', 'in a template', PLAN, 'const a = `${b as C}`;\n'),
  good('casts', 'a reason above', PLAN, '// Safe: b was parsed by c.\nconst a = b as C;\n'),
  good('casts', 'a reason beside', PLAN, 'const a = b!; // Safe: the list is not empty.\n'),
  good('casts', 'a reason of lines', PLAN, '// Safe: one\n// two\n// three\nconst a = b as C;\n'),
  good('casts', 'const', PLAN, "const a = ['b'] as const;\n"),
  good('casts', 'names', PLAN, "import * as a from './a.ts';\nimport {b as c} from './b.ts';\n"),
  good('casts', 'names that leave', PLAN, "export {a as b} from './a.ts';\n"),
  good('casts', 'keys', PLAN, 'type A<T> = {[K in keyof T as `x${K}`]: 1};\n'),
  good('casts', 'names in templates', PLAN, 'const a = `${as} ${!b}`;\n'),
  good('casts', 'negation', PLAN, 'const a = !b && c !== d && !!e;\nif (!a) f();\n'),
];

const LAYOUT: readonly Seed[] = [
  bad('names', 'a drawer', 'src/plan/utils.ts', 'const a = 1;\n'),
  bad('names', 'a drawer with a test', 'src/plan/helpers.test.ts', 'const a = 1;\n'),
  bad('names', 'a folder that is a drawer', 'test/common/a.ts', 'const a = 1;\n'),
  bad('names', 'camel case', 'src/plan/pairUp.ts', 'const a = 1;\n'),
  bad('names', 'a drawer with a prefix', 'src/plan/string-utils.ts', 'const a = 1;\n'),
  good('names', 'whole words', 'src/plan/pair-up.ts', 'const a = 1;\n'),
  good('names', "Proxmox's word", 'src/kinds/ha-manager/index.ts', 'const a = 1;\n'),
  {rule: 'opening', reason: 'no comment', guilty: true, files: [{path: PLAN, text: 'a();\n'}]},
  good('opening', 'a comment', PLAN, 'const a = 1;\n'),
  bad('docstrings', 'a bare export', PLAN, '\nexport const a = 1;\n'),
  bad('docstrings', 'a bare second', PLAN, '\n/** A. */\nexport type A = 1;\nexport type B = 2;\n'),
  good('docstrings', 'a sentence', PLAN, '\n/** What a is. */\nexport const a = 1;\n'),
  good(
    'docstrings',
    'overloads',
    PLAN,
    '/** A. */\nexport function a(): 1;\nexport function a() {}\n',
  ),
  good(
    'docstrings',
    'a type that is derived',
    PLAN,
    '/** A. */\nexport const AS = [1] as const;\nexport type A = (typeof AS)[number];\n',
  ),
  good('docstrings', 'lists', PLAN, "export {a} from './a.ts';\nexport type {B} from './b.ts';\n"),
  good('docstrings', 'tests', TEST, '\nexport const a = 1;\n'),
  bad('default exports', 'a default', PLAN, 'export default 1;\n'),
  good('default exports', 'a tool wants it', 'vitest.config.ts', 'export default {};\n'),
  bad('mocks', 'a module mock', TEST, "vi.mock('./a.ts');\n"),
  good('mocks', 'a spy is a value', TEST, 'const a = vi.fn();\nmock.mock();\n'),
];

function withReadme(text: string): readonly SourceFile[] {
  return [
    {path: PLAN, text: OPENING},
    {path: 'src/plan/README.md', text},
  ];
}

const READMES: readonly Seed[] = [
  bad('readmes', 'no README', PLAN, ''),
  {
    rule: 'readmes',
    reason: 'a title is no purpose',
    guilty: true,
    files: withReadme('# plan\n\nImports core.\n'),
  },
  {
    rule: 'readmes',
    reason: 'no word on imports',
    guilty: true,
    files: withReadme('Turns what is wanted into a plan.\n'),
  },
  {
    rule: 'readmes',
    reason: 'each kind has one',
    guilty: true,
    files: [
      {path: 'src/kinds/pool/index.ts', text: OPENING},
      {path: 'src/kinds/README.md', text: 'What is true of one kind. Imports core.\n'},
    ],
  },
  {
    rule: 'readmes',
    reason: 'purpose and imports',
    guilty: false,
    files: withReadme('Turns what is wanted into a plan.\n\nMay import core.\n'),
  },
];

const CYCLES: readonly Seed[] = [
  {
    rule: 'cycles',
    reason: 'three files',
    guilty: true,
    files: [
      {path: PLAN, text: imports('./diff.ts')},
      {path: 'src/plan/diff.ts', text: imports('./cause.ts')},
      {path: 'src/plan/cause.ts', text: "export * from './pair.ts';\n"},
    ],
  },
  {
    rule: 'cycles',
    reason: 'types alone run in no order',
    guilty: false,
    files: [
      {path: PLAN, text: imports('./diff.ts')},
      {path: 'src/plan/diff.ts', text: "import type {A} from './pair.ts';\n"},
    ],
  },
  {
    rule: 'cycles',
    reason: 'a diamond is no circle',
    guilty: false,
    files: [
      {path: 'src/plan/a.ts', text: imports('./b.ts') + imports('./c.ts')},
      {path: 'src/plan/b.ts', text: imports('./d.ts')},
      {path: 'src/plan/c.ts', text: imports('./d.ts')},
      {path: 'src/plan/d.ts', text: ''},
    ],
  },
];

/** Words are put together, so that this file does not hold them. */
function joined(...pieces: readonly string[]): string {
  return `${pieces.join('')}\n`;
}

const WORDS: readonly Seed[] = [
  bad('words', 'a registry', 'a.md', joined('https://registry', '.npm', 'js.org/a')),
  bad('words', 'a mirror', '.ci/run', joined('deb', '.deb', 'ian.org')),
  bad('words', 'a folder', 'a.md', joined('see /wo', 'rk/main')),
  bad('words', 'a home', 'a.json', joined('"/ro', 'ot/.ssh"')),
  bad('words', 'a scratch folder', TEST, joined("'/t", "mp/x'")),
  bad('words', 'a writing tool', 'a.md', joined('by Cla', 'ude')),
  bad('words', 'a kind of tool', 'a.md', joined('an A', 'I wrote it')),
  bad('words', 'how it was written', 'a.md', joined('in this ', 'session')),
  bad('words', 'who wrote it', 'a.md', joined('the sub', 'agent said')),
  good('words', 'the guest agent', 'a.md', 'The QEMU guest agent answers; the site agent too.\n'),
  good('words', 'sessions of protocols', 'a.md', 'A resumed TLS session, an HTTP session.\n'),
  good('words', 'names of machines', 'a.yaml', joined('prefix: cla', 'ude-dev')),
  good('words', 'a product that a machine runs', 'a.md', joined('Docker, Cla', 'ude Code CLI')),
  good('words', 'folders elsewhere', 'a.md', joined('https://example/wo', 'rk/a, ../ro', 'ot/x')),
  good('words', 'credentials', 'a.md', 'a git credential helper\n'),
  good('words', 'encoded bytes', 'a.md', joined('ssh-ed25519 AAAA/A', 'I+b')),
];

/** All seeds of all rules. */
export const SEEDS: readonly Seed[] = [
  ...ROOMS,
  ...PURITY,
  ...SIZES,
  ...CASTS,
  ...LAYOUT,
  ...READMES,
  ...CYCLES,
  ...WORDS,
];
