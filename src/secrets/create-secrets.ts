// Why this exists: manifests hold references; their values are read at the last moment, for the one
// that writes them, and the plan sees keyed hashes only.
import {createHmac} from 'node:crypto';
import {canonicalJson} from '../core/canonical.ts';
import type {SecretDeclaration} from '../core/kind.ts';
import type {SecretRef} from '../core/model.ts';
import type {Log, Secrets} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';
import type {SecretText} from '../core/secret-text.ts';
import {type Reach, readReference, type SecretFailure} from './read-reference.ts';

/** What a source's manifests may reach. */
export interface SecretScope {
  /** Absolute path of the folder with secret files, null for none. */
  readonly folder: string | null;
  /** Names of variables, exact or with a `*` at the end. */
  readonly env: readonly string[];
}

/** What the room needs to know. Functions are asked at each call, so that a reload is taken up. */
export interface SecretsSettings {
  /** The Secret manifests of a source's followed revision. */
  readonly declarations: (source: string) => readonly SecretDeclaration[];
  readonly scope: (source: string) => SecretScope;
  /** Variables that the configuration reads itself (tokens): out of every manifest's reach. */
  readonly ownVariables: () => ReadonlySet<string>;
  readonly environment: {readonly [name: string]: string | undefined};
  /** 32 bytes from `loadHashKey`. */
  readonly hashKey: Uint8Array;
  readonly log: Log;
}

/** The secrets port over Secret manifests that refer to the environment and to files. */
export function createSecrets(settings: SecretsSettings): Secrets {
  const read = (source: string, ref: SecretRef) => readDeclared(settings, source, ref);
  return {
    async reveal(source, ref) {
      const value = await read(source, ref);
      return value.ok ? ok(value.value.reveal()) : value;
    },
    async hash(source, ref, {cluster, vmid, field}) {
      const value = await read(source, ref);
      if (!value.ok) return value;
      const text = canonicalJson([cluster, vmid, field, value.value.reveal()]);
      return ok(createHmac('sha256', settings.hashKey).update(text).digest('hex'));
    },
  };
}

async function readDeclared(
  settings: SecretsSettings,
  source: string,
  ref: SecretRef,
): Promise<Result<SecretText, SecretFailure>> {
  const declared = settings
    .declarations(source)
    .filter(({name, key}) => name === ref.name && key === ref.key);
  const [declaration] = declared;
  const shown = `key \`${ref.key}\` of Secret \`${ref.name}\``;
  if (declaration === undefined) return err({message: `no manifest declares ${shown}`});
  if (declared.length > 1) return err({message: `${shown} is declared more than once`});
  const value = await readReference(declaration.from, reachOf(settings, source));
  return value.ok ? value : err({message: `${shown}: ${value.error.message}`});
}

function reachOf(settings: SecretsSettings, source: string): Reach {
  const {folder, env} = settings.scope(source);
  const own = settings.ownVariables();
  return {
    environment: settings.environment,
    folder,
    forbids: (name) => own.has(name) || isReserved(name) || !allows(env, name),
    onOpenFile: (path) => {
      settings.log.warn('A secret file can be read by other users; its mode should be 0600', {
        path,
      });
    },
  };
}

/** What belongs to the process and not to guests; PVEGIT_SECRET_… is the name to use for both. */
const RESERVED = /^(?:PVEGIT_(?!SECRET_)|NODE_|LD_|DYLD_|SSH_|GIT_|npm_)/;
const RESERVED_NAMES = ['CREDENTIALS_DIRECTORY', 'NOTIFY_SOCKET', 'INVOCATION_ID', 'HOME', 'PATH'];

function isReserved(name: string): boolean {
  return RESERVED.test(name) || RESERVED_NAMES.includes(name);
}

function allows(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}
