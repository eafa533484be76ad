// Why this exists: settings that fit the schema and are still dangerous or cannot work are refused
// before anything is contacted, each with its reason.
import type {Diagnostic} from '../core/model.ts';
import {suggest} from '../core/suggest.ts';
import {isSchedule} from '../core/windows.ts';
import {parseDuration} from './duration.ts';
import type {Placer} from './mistakes.ts';
import {escapePointer} from './read-yaml.ts';
import {parseVmids, type RawConfig, splitListen} from './settle.ts';

type RawSource = RawConfig['sources'][number];

/** Everything that is refused in a complete configuration. */
export function refusals(raw: RawConfig, placer: Placer): readonly Diagnostic[] {
  return [
    ...listenRefusals(raw, placer),
    ...endpointRefusals(raw, placer),
    ...clusterRefusals(raw, placer),
    ...nameRefusals(raw, placer),
    ...raw.sources.flatMap((source, index) => sourceRefusals(source, index, placer)),
    ...policyRefusals(raw, placer),
    ...durationRefusals(raw, placer),
  ];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function listenRefusals(raw: RawConfig, placer: Placer): readonly Diagnostic[] {
  const {host, port} = splitListen(raw.listen);
  if (port > 65_535) {
    const detail = `${port} is larger than 65535.`;
    return [placer.place('config-listen-port', '/listen', {detail, remedy: 'Correct the port.'})];
  }
  if (isLoopback(host) || raw.listenToken !== undefined || raw.tls !== undefined) return [];
  return [
    placer.place('config-listen-exposed', '/listen', {
      detail: `\`${raw.listen}\` can be reached by others, who would see every guest and reason.`,
      remedy: 'Listen on 127.0.0.1, or add `listenToken: {env: …}` or `tls:`.',
    }),
  ];
}

function endpointRefusals(raw: RawConfig, placer: Placer): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const owners = new Map<string, string>();
  for (const [name, {endpoints}] of Object.entries(raw.clusters)) {
    for (const [index, {url, sha256, caFile}] of endpoints.entries()) {
      const pointer = `/clusters/${escapePointer(name)}/endpoints/${index}`;
      if (sha256 === undefined && caFile === undefined) {
        found.push(
          placer.place('config-endpoint-trust', pointer, {
            detail: `Nothing says which certificate of ${url} is the right one.`,
            remedy: 'Add `sha256: […]` (`pvegit init --url URL` shows it) or `caFile:`.',
          }),
        );
      }
      const address = url.replace(/\/$/, '').toLowerCase();
      const owner = owners.get(address);
      if (owner !== undefined && owner !== name) {
        const detail = `${url} belongs to \`${owner}\`; one cluster would be managed twice.`;
        const remedy = 'Give each cluster its own nodes.';
        found.push(placer.place('config-endpoint-twice', `${pointer}/url`, {detail, remedy}));
      }
      owners.set(address, owner ?? name);
    }
  }
  return found;
}

function clusterRefusals(raw: RawConfig, placer: Placer): readonly Diagnostic[] {
  const known = Object.keys(raw.clusters);
  const uses = raw.sources.map(
    ({cluster}, index) => [`/sources/${index}/cluster`, cluster] as const,
  );
  const all =
    raw.self === undefined ? uses : [...uses, ['/self/cluster', raw.self.cluster] as const];
  return all
    .filter(([, cluster]) => !known.includes(cluster))
    .map(([pointer, cluster]) =>
      placer.place('config-cluster-unknown', pointer, {
        detail: `\`${cluster}\` is not one of ${known.join(', ')}.`,
        remedy: 'Write the name of a cluster that stands under `clusters:`.',
        suggestion: suggest(cluster, known),
      }),
    );
}

function nameRefusals(raw: RawConfig, placer: Placer): readonly Diagnostic[] {
  const names = raw.sources.map(({name}) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          placer.place('config-source-twice', `/sources/${index}/name`, {
            detail: `\`${name}\` is taken; records tell by the name which source made a guest.`,
            remedy: 'Give it another name.',
          }),
        ],
  );
}

function sourceRefusals(source: RawSource, index: number, placer: Placer): readonly Diagnostic[] {
  const pointer = `/sources/${index}`;
  const found: Diagnostic[] = [];
  const {url, folder, name} = source;
  if ((url === undefined) === (folder === undefined)) {
    const detail = `\`${name}\` has ${url === undefined ? 'neither' : 'both'}.`;
    const remedy = 'Write `url:` for a repository or `folder:` for a folder.';
    found.push(placer.place('config-source-origin', pointer, {detail, remedy}));
  } else if (folder !== undefined) {
    for (const key of ['token', 'ssh', 'verify', 'caFile'] as const) {
      if (source[key] === undefined) continue;
      const detail = `\`${key}\` has no meaning for a folder.`;
      const remedy = 'Delete it; commits of a folder cannot be signed.';
      const parts = {detail, remedy, at: 'key'} as const;
      found.push(placer.place('config-source-folder-key', `${pointer}/${key}`, parts));
    }
  } else if (url !== undefined && isSsh(url) && source.ssh === undefined) {
    const detail = 'Without known hosts anybody on the way could be the server.';
    const remedy = 'Add `ssh: {knownHosts: …}`; `ssh-keyscan` makes one, check its fingerprints.';
    found.push(placer.place('config-source-ssh', `${pointer}/url`, {detail, remedy}));
  }
  for (const [at, vmids] of source.scope.vmids.entries()) {
    const {from, to} = parseVmids(vmids);
    if (from <= to) continue;
    const parts = {detail: `${from} comes after ${to}.`, remedy: 'Write the smaller one first.'};
    found.push(placer.place('config-vmids-reversed', `${pointer}/scope/vmids/${at}`, parts));
  }
  return found;
}

function isSsh(url: string): boolean {
  return url.startsWith('ssh://') || (!url.includes('://') && /^[^/]+:/.test(url));
}

function policyRefusals(raw: RawConfig, placer: Placer): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const {destructive, windows} = raw.policy;
  const conditions = typeof destructive === 'string' ? null : destructive.approval;
  const unverified = raw.sources.filter(({verify}) => verify === undefined).map(({name}) => name);
  if (conditions !== null && (conditions.quorum > 1 || conditions.notAuthor)) {
    const which = conditions.quorum > 1 ? 'quorum' : 'notAuthor';
    if (unverified.length > 0) {
      found.push(
        placer.place('config-approval-unverified', `/policy/destructive/approval/${which}`, {
          detail: `Signatures tell who approved and who wrote; ${unverified.join(', ')} has none.`,
          remedy: 'Add `verify: {allowedSigners: …}` to every source, or drop the condition.',
        }),
      );
    }
  }
  for (const [index, {timeZone, schedule}] of windows.entries()) {
    if (!isSchedule(schedule)) {
      const detail = `\`${schedule}\` never opens, or is not minute hour day month weekday.`;
      const parts = {detail, remedy: 'Write a cron expression such as `0 2 * * 6`.'};
      const pointer = `/policy/windows/${index}/schedule`;
      found.push(placer.place('config-window-schedule', pointer, parts));
    }
    if (isTimeZone(timeZone)) continue;
    const detail = `\`${timeZone}\` is not in the time zone data of this system.`;
    const parts = {detail, remedy: 'Write an IANA name such as Europe/Paris.'};
    const pointer = `/policy/windows/${index}/timeZone`;
    found.push(placer.place('config-window-time-zone', pointer, parts));
  }
  return found;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', {timeZone: name}).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function durationRefusals(raw: RawConfig, placer: Placer): readonly Diagnostic[] {
  const durations = [
    ...raw.sources.flatMap(({interval, timeout}, index) => [
      [`/sources/${index}/interval`, interval] as const,
      [`/sources/${index}/timeout`, timeout] as const,
    ]),
    ['/policy/quarantine', raw.policy.quarantine] as const,
    ['/evidence/keep', raw.evidence.keep] as const,
    ...raw.policy.windows.map(({duration}, index) => {
      return [`/policy/windows/${index}/duration`, duration] as const;
    }),
  ];
  return durations
    .filter(([, text]) => (parseDuration(text) ?? 0) < 1)
    .map(([pointer]) => {
      const parts = {detail: 'It has to be longer.', remedy: 'Write a duration such as 60s.'};
      return placer.place('config-duration-zero', pointer, parts);
    });
}
