// Why this exists: one door for whatever a source is: it checks the address before anything is
// started, and chooses the way to it.
import type {Source, SourceError} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';
import {scrubbedEnvironment} from '../programs/environment.ts';
import {sshCommand} from '../programs/ssh.ts';
import type {Engine} from './engine.ts';
import {engineOnDemand} from './engine-on-demand.ts';
import {failure} from './failure.ts';
import {createFolderSource} from './folder-source.ts';
import {createGitSource} from './git-source.ts';
import {type Mirror, mirrorOf, sweepMirrors} from './mirror.ts';
import {createProgramEngine} from './program-engine.ts';
import {
  branchProblem,
  mayCarryCredentials,
  parseRemote,
  parseSubPath,
  type Remote,
} from './remote.ts';
import type {TreeLimits} from './tree.ts';

/** A repository to follow. Paths of files are absolute. */
export interface GitSettings {
  readonly kind: 'git';
  readonly url: string;
  readonly branch: string;
  /** Folder below the root of the repository; empty for all of it. */
  readonly path: string;
  /** auto: in process for http and https, the git program for the rest. */
  readonly engine: 'auto' | 'builtin' | 'program';
  /** User name that goes with the token over http and https. */
  readonly username: string;
  readonly caFile: string | null;
  /** Needed for ssh remotes. */
  readonly ssh: {readonly identityFile: string | null; readonly knownHostsFile: string} | null;
  /** Null: signatures are not checked. */
  readonly allowedSigners: string | null;
  /** For one fetch from its beginning to its end. */
  readonly timeoutMs: number;
}

/** A folder that is watched. */
export interface FolderSettings {
  readonly kind: 'folder';
  /** Absolute path. */
  readonly folder: string;
}

/** What is the same for every source of a process. */
export interface SourceWorld {
  /** Where mirrors are kept (`<data>/git/…`). One process at a time may use it. */
  readonly dataFolder: string;
  readonly environment: {readonly [name: string]: string | undefined};
  /** The token or password of this source, asked for before each fetch; null when it has none. */
  readonly token: () => Promise<Result<string | null, {readonly message: string}>>;
  /** Bounds that tests make small. */
  readonly bounds?: Partial<Bounds>;
  /** The end of a fetch's time, which tests call themselves: see `GitSourceSettings`. */
  readonly deadline?: (ms: number) => AbortSignal;
}

/** How much of anything is taken. */
export interface Bounds extends TreeLimits {
  readonly maxPackBytes: number;
  readonly maxPacks: number;
  readonly idleMs: number;
  readonly cacheBytes: number;
}

/**
 * Defaults. A manifest is a few KiB, so 1 MiB a file is generous; 64 MiB together hold more than
 * 10,000 of them; a pack of 256 MiB is what a process of 1 GiB can index in memory; 50 packs of one
 * fetch each are about where looking an object up begins to cost more than fetching anew.
 */
export const BOUNDS: Bounds = {
  maxFileBytes: 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
  maxEntries: 50_000,
  maxDepth: 32,
  maxPackBytes: 256 * 1024 * 1024,
  maxPacks: 50,
  idleMs: 20_000,
  cacheBytes: 64 * 1024 * 1024,
};

/** A source by name. An address that is refused gives a source that says so at each fetch. */
export function createSource(
  name: string,
  settings: GitSettings | FolderSettings,
  world: SourceWorld,
): Source {
  const bounds = {...BOUNDS, ...world.bounds};
  if (settings.kind === 'folder') return createFolderSource(name, settings.folder, bounds);
  const checked = check(settings);
  if (!checked.ok) return refusedSource(name, checked.error);
  const {remote, path} = checked.value;
  const mirror = mirrorOf(name, world.dataFolder, {...settings, remote});
  const engine = chooseEngine(mirror, settings, remote, {world, bounds});
  const {branch, timeoutMs, allowedSigners} = settings;
  const prepare = () => sweepMirrors(name, mirror);
  const what = {branch, path, timeoutMs, allowedSigners, bounds, prepare};
  return createGitSource(name, engine, {...what, deadline: world.deadline});
}

function check(
  settings: GitSettings,
): Result<{readonly remote: Remote; readonly path: readonly string[]}, SourceError> {
  const remote = parseRemote(settings.url);
  if (!remote.ok) return err(failure('refused', `the address is refused: ${remote.error}`));
  const branch = branchProblem(settings.branch);
  if (branch !== null) return err(failure('refused', `the branch is refused: ${branch}`));
  const path = parseSubPath(settings.path);
  if (!path.ok) return err(failure('refused', `the path is refused: ${path.error}`));
  const {protocol} = remote.value;
  if (protocol === 'ssh' && settings.ssh === null) {
    return err(failure('refused', 'an ssh remote needs `ssh: {knownHosts: …}`'));
  }
  const ssh = protocol === 'ssh' && settings.ssh !== null ? sshCommand(settings.ssh) : ok('');
  if (!ssh.ok) return err(failure('refused', ssh.error));
  if (settings.engine === 'builtin' && protocol !== 'http' && protocol !== 'https') {
    return err(failure('refused', `\`engine: builtin\` does not speak ${protocol}`));
  }
  return ok({remote: remote.value, path: path.value});
}

function chooseEngine(
  {way, gitDir}: Mirror,
  settings: GitSettings,
  remote: Remote,
  {world, bounds}: {readonly world: SourceWorld; readonly bounds: Bounds},
): Engine {
  const {url, protocol} = remote;
  const {branch, caFile} = settings;
  const authorization = () => authorize(settings, remote, world);
  const {maxPacks, maxTotalBytes} = bounds;
  if (way === 'builtin') {
    const {idleMs, maxPackBytes} = bounds;
    const limits = {idleMs, maxPackBytes, maxPacks};
    const builtin = {url, branch, gitDir, authorization, caFile, ...limits};
    return engineOnDemand(async () => {
      const {createBuiltinEngine} = await import('./builtin-engine.ts');
      return createBuiltinEngine(builtin);
    });
  }
  const withAgent = settings.ssh !== null && settings.ssh.identityFile === null;
  const env = scrubbedEnvironment(world.environment, withAgent ? ['SSH_AUTH_SOCK'] : []);
  const {ssh, timeoutMs} = settings;
  const git = {gitDir, url, protocol, branch, env, ssh, caFile, timeoutMs};
  return createProgramEngine({git, authorization, maxTotalBytes, maxPacks});
}

async function authorize(
  settings: GitSettings,
  remote: Remote,
  world: SourceWorld,
): Promise<Result<string | null, SourceError>> {
  if (remote.protocol === 'ssh' || remote.protocol === 'file') return ok(null);
  const token = await world.token();
  if (!token.ok) return err(failure('unauthorised', token.error.message));
  if (token.value === null) return ok(null);
  if (!mayCarryCredentials(remote)) {
    return err(failure('refused', 'a token is not sent over http; use https'));
  }
  const pair = Buffer.from(`${settings.username}:${token.value}`).toString('base64');
  return ok(`Basic ${pair}`);
}

function refusedSource(name: string, error: SourceError): Source {
  return {
    name,
    fetch: async () => err(error),
    watch: () => () => {},
    close: async () => {},
  };
}
