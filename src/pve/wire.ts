// Why this exists: the shapes of the Proxmox API that are read here, as types and tiny guards. The
// simulator may import this file and no other of this room: shapes are shared, code is not.
// Sources: facts.md sections 3, 5, 7 and 16.

/** An answer: `message` is absent before 8.4, `errors` comes with a 400. */
export interface Envelope {
  readonly data: unknown;
  readonly message?: string;
  readonly errors?: {readonly [parameter: string]: string};
}

/** One line of `GET /cluster/resources`. Numbers may be text; `name` is absent for new guests. */
export interface ResourceEntry {
  readonly type: string;
  readonly id: string;
  readonly node?: string;
  readonly vmid?: number;
  readonly status?: string;
  readonly name?: string;
  readonly template?: 0 | 1;
  readonly lock?: string;
  readonly tags?: string;
  readonly pool?: string;
  readonly hastate?: string;
  readonly storage?: string;
  readonly plugintype?: string;
  readonly content?: string;
  readonly shared?: 0 | 1;
  readonly maxcpu?: number;
  readonly maxmem?: number;
  readonly maxdisk?: number;
}

/** One key of `GET …/pending`; `delete` 1 = pending deletion, 2 = forced. */
export interface PendingEntry {
  readonly key: string;
  readonly value?: string | number;
  readonly pending?: string | number;
  readonly delete?: 1 | 2;
}

/** What is read of `GET …/qemu/{vmid}/status/current`. */
export interface CurrentStatus {
  readonly status: 'running' | 'stopped';
  readonly qmpstatus?: string;
  readonly lock?: string;
  readonly name?: string;
  readonly uptime?: number;
  readonly ha?: {readonly managed?: 0 | 1; readonly state?: string};
}

/** `GET /nodes/{node}/tasks/{upid}/status`. */
export interface TaskStatus {
  readonly upid: string;
  readonly node: string;
  readonly type: string;
  readonly id: string;
  readonly user: string;
  readonly tokenid?: string;
  readonly pid: number;
  readonly pstart: number;
  readonly starttime: number;
  readonly status: 'running' | 'stopped';
  readonly exitstatus?: string;
}

/** One line of `GET /nodes/{node}/tasks`; a running one has user `u@r!tok` and no tokenid. */
export interface TaskListEntry {
  readonly upid: string;
  readonly node: string;
  readonly type: string;
  readonly id: string;
  readonly user: string;
  readonly tokenid?: string;
  readonly starttime: number;
  readonly endtime?: number;
  readonly status?: string;
}

/** `GET /version`. */
export interface Version {
  readonly version: string;
  readonly release: string;
  readonly repoid: string;
}

/** One line of `GET /nodes`. */
export interface NodeEntry {
  readonly node: string;
  readonly status: 'online' | 'offline' | 'unknown';
  readonly ssl_fingerprint?: string;
}

/** One line of `GET /cluster/status`; the cluster's own line is absent on a single node. */
export interface ClusterStatusEntry {
  readonly type: 'cluster' | 'node';
  readonly name: string;
  readonly quorate?: 0 | 1;
  readonly online?: 0 | 1;
  readonly local?: 0 | 1;
  readonly ip?: string;
}

/** `GET /nodes/{node}/time`; seconds since the epoch. */
export interface NodeTime {
  readonly time: number;
  readonly localtime: number;
  readonly timezone: string;
}

/** The parts of a UPID. `starttime` is seconds since the epoch, `user` is `u@r` or `u@r!tok`. */
export interface Upid {
  readonly node: string;
  readonly pid: number;
  readonly pstart: number;
  readonly starttime: number;
  readonly type: string;
  readonly id: string;
  readonly user: string;
}

const NODE = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const HEX = '[0-9A-Fa-f]';
const UPID = new RegExp(
  `^UPID:(${NODE}):(${HEX}{8}):(${HEX}{8,9}):(${HEX}{8}):([^:\\s/]+):([^:\\s/]*):([^:\\s/]+):$`,
);

/** Takes a UPID apart; null when the text is none. */
export function parseUpid(text: string): Upid | null {
  const found = UPID.exec(text);
  if (found === null) return null;
  const [, node = '', pid = '', pstart = '', start = '', type = '', id = '', user = ''] = found;
  return {
    node,
    pid: Number.parseInt(pid, 16),
    pstart: Number.parseInt(pstart, 16),
    starttime: Number.parseInt(start, 16),
    type,
    id,
    user,
  };
}

/** Spells a UPID as Proxmox does: upper-case hexadecimal of at least eight digits. */
export function formatUpid(upid: Upid): string {
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
  const {node, pid, pstart, starttime, type, id, user} = upid;
  return `UPID:${node}:${hex(pid)}:${hex(pstart)}:${hex(starttime)}:${type}:${id}:${user}:`;
}

/** Success of an exit status: `OK`, or `WARNINGS: n` with the number; null for a failure. */
export function successOf(exitStatus: string): {readonly warnings: number} | null {
  if (exitStatus === 'OK') return {warnings: 0};
  const found = /^WARNINGS: (\d+)$/.exec(exitStatus);
  return found === null ? null : {warnings: Number(found[1])};
}
