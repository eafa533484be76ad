// Why this exists: a generated file that somebody edited, or forgot to generate again, says
// something that the code no longer does.
import {describe, expect, it} from 'vitest';
import {GENERATED} from '../scripts/generate.ts';
import {kindSchemas, renderFields, renderRegistry} from '../scripts/generate-kinds.ts';
import {
  canRender,
  type Generated,
  presentText,
  renderJson,
  replaceBlock,
} from '../scripts/generated.ts';
import type {ResourceKind} from '../src/core/kind.ts';
import {needs} from './parts.ts';

function drifted(generated: Generated, present: string): boolean {
  return generated.render(present) !== present;
}

describe('generated files', () => {
  const paths = GENERATED.map(({path}) => path);

  it('are each made by one generator', () => {
    expect(paths).toEqual([...new Set(paths)]);
  });

  it.for(GENERATED)('$path is what its generator makes', (generated, context) => {
    if (!canRender(generated) && !needs('shared')) context.skip(`needs ${generated.needs}`);
    const present = presentText(generated.path);
    expect(present, 'run "npm run generate"').toBe(generated.render(present));
  });

  it('would be found out if one were edited by hand', () => {
    const generated: Generated = {path: 'a.json', render: () => renderJson({a: 1})};
    expect(drifted(generated, '{\n  "a": 1\n}\n')).toBe(false);
    expect(drifted(generated, '{\n  "a": 2\n}\n')).toBe(true);
  });
});

describe('a generated block', () => {
  const page = 'before\n<!-- generated: fields -->\nold\n<!-- end -->\nafter\n';

  it('is replaced, and nothing around it', () => {
    const text = replaceBlock(page, 'fields', 'new');
    expect(text).toBe('before\n<!-- generated: fields -->\nnew\n<!-- end -->\nafter\n');
    expect(replaceBlock(text, 'fields', 'new')).toBe(text);
  });

  it('that is not there is our own mistake', () => {
    expect(() => replaceBlock(page, 'other', 'new')).toThrow('no block "other"');
  });
});

describe('what is made from a kind', () => {
  it('is a schema that an editor can use', () => {
    const check = () => [];
    const kinds = [{name: 'Plan', role: 'check', schema: {type: 'object'}, check}] as const;
    const [schema] = kindSchemas(kinds);
    expect(schema?.path).toBe('schemas/Plan.json');
    expect(JSON.parse(schema?.render('') ?? '')).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Plan',
      type: 'object',
    });
  });

  it('is a table of its fields', () => {
    const rule = {proxmox: 'a|b', riskInWords: {running: 'disruptive', stopped: 'benign'}};
    // Safe: the table reads these two parts of a rule only.
    const kind = {fields: {'cpu.cores': rule}} as unknown as ResourceKind;
    const row = '| `cpu.cores` | `a\\|b` | disruptive | benign |';
    expect(renderFields(kind).split('\n').at(-1)).toBe(row);
  });

  it('is a line in the registry', () => {
    const text = renderRegistry([{folder: 'address-plan', name: 'addressPlan'}]);
    expect(text).toContain("import {addressPlan} from './address-plan/index.ts';\n");
    expect(text).toContain('[\n  addressPlan,\n]');
  });
});
