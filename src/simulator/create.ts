// Why this exists: an empty cluster, the point from which builders and tests start.
import {seededRandom} from './random.ts';
import type {Access, Cluster, Version} from './state.ts';

/** A cluster without nodes, guests and storages, with root@pam and the two standard realms. */
export function createCluster(options: {
  readonly version: Version;
  readonly seed: number;
  readonly nowMs: number;
}): Cluster {
  return {
    version: options.version,
    seed: options.seed,
    random: seededRandom(options.seed),
    aheadMs: 0,
    nowMs: options.nowMs,
    schedule: {heap: [], nextOrder: 0},
    nodes: new Map(),
    entry: '',
    quorate: true,
    haManagerUp: true,
    guests: new Map(),
    published: new Map(),
    storages: new Map(),
    volumes: new Map(),
    pools: new Map(),
    access: standardAccess(),
    options: new Map(),
    tasks: new Map(),
    log: [],
    flocks: new Map(),
    effects: [],
    faults: {requests: [], tasks: [], seeded: undefined},
    firewall: new Map(),
    sections: new Map(),
    serviceMs: undefined,
    actor: 'root@pam',
  };
}

function standardAccess(): Access {
  const root = {
    enabled: true,
    expireS: 0,
    password: undefined,
    fields: new Map<string, string>(),
    groups: new Set<string>(),
    tokens: new Map(),
  };
  return {
    users: new Map([['root@pam', root]]),
    groups: new Map(),
    roles: new Map(),
    acl: [],
    realms: new Map([
      ['pam', {type: 'pam', comment: 'Linux PAM standard authentication'}],
      ['pve', {type: 'pve', comment: 'Proxmox VE authentication server'}],
    ]),
  };
}
