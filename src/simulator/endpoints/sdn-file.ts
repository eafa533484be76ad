// Why this exists: zones, vnets, subnets, controllers, ipams and dns of the software-defined
// network are files that are edited first and applied later; each object can be shown as edited,
// as running, or with what is pending (PVE/Network/SDN.pm, pending_config).
import {fail} from '../failure.ts';
import type {Context} from '../route.ts';
import {flag} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {Section} from '../section.ts';
import {sectionDigest, sectionsOf, shownSection} from '../section.ts';
import type {Cluster} from '../state.ts';

/** One file of the network's configuration. */
export interface SdnFile {
  /** Name of the file and of its sections, e.g. `zones`. */
  readonly name: 'zones' | 'vnets' | 'subnets' | 'controllers' | 'ipams' | 'dns';
  /** The key that an object's id has in answers. */
  readonly key: string;
  /** The endpoint whose parameters are the object's properties. */
  readonly post: string;
}

/** The edited objects of a file. */
export function edited(cluster: Cluster, file: SdnFile): Map<string, Section> {
  return sectionsOf(cluster, `sdn-${file.name}`);
}

/** The objects of a file that were applied last. */
function running(cluster: Cluster, file: SdnFile): Map<string, Section> {
  return sectionsOf(cluster, `sdn-running-${file.name}`);
}

/** An edited object, or 500 that it does not exist. */
export function requireObject(cluster: Cluster, file: SdnFile, id: string): Section {
  return edited(cluster, file).get(id) ?? fail(500, missingText(file, id));
}

function missingText(file: SdnFile, id: string): string {
  const kind = file.name === 'vnets' ? 'vnet ' : file.name === 'subnets' ? 'subnet ' : '';
  return `sdn ${kind}'${id}' does not exist`;
}

/** All objects as the call wants them: as edited, `running` or `pending`. */
export function shownObjects(context: Context, file: SdnFile): readonly Record<string, unknown>[] {
  const {cluster} = context;
  const ids = new Set([...edited(cluster, file).keys(), ...running(cluster, file).keys()]);
  return [...ids].sort().flatMap((id) => {
    const shown = shownObject(context, file, id);
    return shown === undefined ? [] : [shown];
  });
}

/** One object as the call wants it; undefined when there is none. */
function shownObject(
  context: Context,
  file: SdnFile,
  id: string,
): Record<string, unknown> | undefined {
  const {cluster} = context;
  const now = edited(cluster, file).get(id);
  const before = running(cluster, file).get(id);
  if (flag(context, 'pending')) {
    return now === undefined && before === undefined
      ? undefined
      : {...pendingFacts(context, file, {now, before}), [file.key]: id};
  }
  if (flag(context, 'running')) {
    return before === undefined ? undefined : {...facts(cluster, file, before), [file.key]: id};
  }
  return now === undefined
    ? undefined
    : {
        ...facts(cluster, file, now),
        [file.key]: id,
        digest: sectionDigest(cluster, `sdn-${file.name}`),
      };
}

/** One object as the call wants it, or 500 that it does not exist. */
export function requireShown(context: Context, file: SdnFile, id: string): Record<string, unknown> {
  return shownObject(context, file, id) ?? fail(500, missingText(file, id));
}

function facts(cluster: Cluster, file: SdnFile, section: Section): Record<string, unknown> {
  const path = file.post.replace('{vnet}', 'v0');
  const method = findMethod(cluster.version, 'POST', path)?.method;
  return shownSection(section, (key) =>
    method === undefined ? undefined : paramFacts(method, key),
  );
}

interface Versions {
  readonly now: Section | undefined;
  readonly before: Section | undefined;
}

function pendingFacts(
  {cluster}: Context,
  file: SdnFile,
  {now, before}: Versions,
): Record<string, unknown> {
  const next = facts(cluster, file, now ?? new Map());
  const old = facts(cluster, file, before ?? new Map());
  if (now === undefined) {
    return {...old, state: 'deleted', pending: {}};
  }
  const fixed = {type: next.type};
  const changed = Object.entries(next).filter(
    ([key, value]) => key !== 'type' && old[key] !== value,
  );
  const gone = Object.keys(old).filter((key) => next[key] === undefined);
  const pending = Object.fromEntries([
    ...changed,
    ...gone.map((key): [string, unknown] => [key, 'deleted']),
  ]);
  if (before === undefined) {
    return {...fixed, pending, state: 'new'};
  }
  const isSame = changed.length + gone.length === 0;
  return isSame ? {...old, ...fixed} : {...old, ...fixed, pending, state: 'changed'};
}

/** Apply everything that was edited. */
export function applyAll(cluster: Cluster, files: readonly SdnFile[]): void {
  for (const file of files) {
    const target = running(cluster, file);
    target.clear();
    for (const [id, section] of edited(cluster, file)) {
      target.set(id, new Map(section));
    }
  }
}

/** Whether anything waits to be applied. */
export function hasPending(context: Context, files: readonly SdnFile[]): boolean {
  const {cluster} = context;
  return files.some((file) => {
    const text = (sections: Map<string, Section>): string =>
      JSON.stringify([...sections].map(([id, one]) => [id, [...one].sort()]).sort());
    return text(edited(cluster, file)) !== text(running(cluster, file));
  });
}

/** Drop what was edited since the last time it was applied. */
export function rollBack(cluster: Cluster, files: readonly SdnFile[]): void {
  for (const file of files) {
    const target = edited(cluster, file);
    target.clear();
    for (const [id, section] of running(cluster, file)) {
      target.set(id, new Map(section));
    }
  }
}

/** Hold the configuration by a token, or with undefined let it go; returns the token. */
export function setLock(cluster: Cluster, token: string | undefined): string | undefined {
  const lock = sectionsOf(cluster, 'sdn-lock');
  lock.clear();
  if (token !== undefined) {
    lock.set('lock', new Map([['token', token]]));
  }
  return token;
}

/** Refuse with 500 while somebody else holds the configuration. */
export function requireLock({cluster, params}: Context): void {
  const token = sectionsOf(cluster, 'sdn-lock').get('lock')?.get('token');
  if (token !== undefined && params['lock-token'] !== token) {
    fail(500, 'invalid lock token provided! at /usr/share/perl5/PVE/Network/SDN.pm line 256.');
  }
}
