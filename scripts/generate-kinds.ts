// Why this exists: what a kind declares once is also an editor's schema, a table in its README and
// a line in the registry; all three are made here from the kind itself.
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import type {Kind, ResourceKind} from '../src/core/kind.ts';
import {type Generated, presentText, renderJson, replaceBlock, TOP} from './generated.ts';

/** `schemas/<Kind>.json` for each kind, as editors read it. */
export function kindSchemas(kinds: readonly Kind[]): readonly Generated[] {
  return kinds.map(({name, schema}) => ({
    path: `schemas/${name}.json`,
    render: () =>
      renderJson({$schema: 'https://json-schema.org/draft/2020-12/schema', title: name, ...schema}),
  }));
}

/** The block `fields` of each resource kind's README; `folder` is the kind's, below `src/kinds`. */
export function fieldTable(folder: string, kind: ResourceKind): Generated {
  return {
    path: `src/kinds/${folder}/README.md`,
    render: (present) => replaceBlock(present, 'fields', renderFields(kind)),
  };
}

/** A Markdown table: field, where it lives in Proxmox, the risk of changing it. */
export function renderFields({fields}: ResourceKind): string {
  const rows = Object.entries(fields).map(([field, {proxmox, riskInWords}]) =>
    [`\`${field}\``, `\`${proxmox}\``, riskInWords.running, riskInWords.stopped].map(cell),
  );
  const head = ['field', 'Proxmox', 'risk when running', 'when stopped'];
  const rule = head.map(() => '---');
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** The folders below `src/kinds` that hold a kind, by name. */
export function kindFolders(): readonly string[] {
  const place = join(TOP, 'src/kinds');
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter((folder) => /^export const \w+/m.test(presentText(`src/kinds/${folder}/index.ts`)))
    .sort();
}

/** `src/kinds/index.ts`: every kind, in the order of the folders' names. */
export function kindRegistry(folders: readonly string[]): Generated {
  return {path: 'src/kinds/index.ts', render: () => renderRegistry(folders.map(exportOf))};
}

type Export = {readonly folder: string; readonly name: string};

function exportOf(folder: string): Export {
  const text = presentText(`src/kinds/${folder}/index.ts`);
  const name = /^export const (\w+)/m.exec(text)?.[1];
  if (name === undefined) throw new Error(`src/kinds/${folder}/index.ts exports no kind`);
  return {folder, name};
}

/** The text of the registry. */
export function renderRegistry(exported: readonly Export[]): string {
  return [
    '// Why this exists: made by scripts/generate-kinds.ts from the folders beside it.',
    '// The command line passes these kinds to the engine, which never imports one.',
    "import type {Kind} from '../core/kind.ts';",
    ...exported.map(({folder, name}) => `import {${name}} from './${folder}/index.ts';`),
    '',
    '/** Every kind of manifest. */',
    'export const KINDS: readonly Kind[] = [',
    ...exported.map(({name}) => `  ${name},`),
    '];',
    '',
  ].join('\n');
}
