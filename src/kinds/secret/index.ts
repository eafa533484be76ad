// Why this exists: a Secret says where values come from, so that manifests can refer to them and
// nobody writes them down.
import {diagnose} from '../../core/diagnostic.ts';
import {isObject} from '../../core/json.ts';
import type {ManifestDocument, RecordKind, SecretDeclaration} from '../../core/kind.ts';
import type {Diagnostic} from '../../core/model.ts';
import {SECRET_CODES} from './codes.ts';
import {SECRET_SCHEMA} from './schema.ts';

/** The kind Secret. */
export const secret: RecordKind = {
  role: 'record',
  name: 'Secret',
  schema: SECRET_SCHEMA,
  secrets,
};

function secrets(document: ManifestDocument): {
  readonly secrets: readonly SecretDeclaration[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const spec = document.value['spec'];
  const keys = isObject(spec) && isObject(spec['keys']) ? spec['keys'] : {};
  const diagnostics: Diagnostic[] = [];
  const found = Object.entries(keys).flatMap<SecretDeclaration>(([key, from]) => {
    if (!isObject(from)) return [];
    const pointer = `/spec/keys/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const range = document.ranges[`#${pointer}`] ?? document.ranges[pointer] ?? document.range;
    const {env, file} = from;
    const at = document.ranges[`${pointer}/${typeof env === 'string' ? 'env' : 'file'}`] ?? range;
    if (typeof env === 'string') {
      diagnostics.push(...checkEnv(env, at));
      return [{name: document.name, key, from: {env}, range}];
    }
    if (typeof file !== 'string') return [];
    diagnostics.push(...checkFile(file, at));
    return [{name: document.name, key, from: {file}, range}];
  });
  return {secrets: found, diagnostics};
}

/** Variables of the process itself, as the controller refuses them when it reads a value. */
const RESERVED = /^(?:PVEGIT_(?!SECRET_)|NODE_|LD_|DYLD_|SSH_|GIT_|npm_)|^(?:HOME|PATH)$/;

/** The controller's own tokens must not reach a guest because a repository asks for them. */
function checkEnv(env: string, range: Diagnostic['range']): readonly Diagnostic[] {
  if (!RESERVED.test(env)) return [];
  const detail = `${env} belongs to the controller; whoever can push could read it.`;
  const remedy = 'Give the secret a variable of its own (PVEGIT_SECRET_… is allowed).';
  return [diagnose(SECRET_CODES, 'secret-env-own', {range, detail, remedy})];
}

function checkFile(file: string, range: Diagnostic['range']): readonly Diagnostic[] {
  const shown = JSON.stringify(file.slice(0, 80));
  const tell = (code: keyof typeof SECRET_CODES, detail: string, remedy: string) => [
    diagnose(SECRET_CODES, code, {range, detail, remedy}),
  ];
  if (file.split('/').includes('..')) {
    const detail = `${shown} hides which file is meant.`;
    return tell('secret-file-parent', detail, 'Write the path without "..".');
  }
  if (/^\/(proc|sys|dev)(\/|$)/.test(file)) {
    const detail = `${shown} would show the controller’s own process or devices.`;
    return tell('secret-file-kernel', detail, 'Put the secret into a file of its own.');
  }
  return [];
}
