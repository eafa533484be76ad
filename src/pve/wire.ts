// Why this exists: the shapes of the Proxmox API that are read here, as types and tiny guards. The
// simulator may import this file and no other of this room: shapes are shared, code is not.
// Sources: facts.md sections 3, 5, 7 and 16.

import {isObject} from '../core/json.ts';

/** An answer: `message` is absent before 8.4, `errors` comes with a 400. */
export interface Envelope {
  readonly data: unknown;
  readonly message?: unknown;
  readonly errors?: unknown;
}

/** One line of `GET /cluster/resources`; a node's has `node` and `status`, a guest's `vmid` too. */
export interface ResourceEntry {
  readonly type: string;
  readonly id: string;
  readonly node?: string;
  readonly vmid?: number;
  readonly status?: string;
  readonly name?: string;
}

/** What is read of `GET /nodes/{node}/tasks/{upid}/status`; `exitstatus` only when stopped. */
export interface TaskStatus {
  readonly status: 'running' | 'stopped';
  readonly exitstatus?: string;
}

/** `GET /version`: `release` is such as `8.4`. */
export interface Version {
  readonly version: string;
  readonly release: string;
}

/** What is read of `GET /nodes/{node}/time`: seconds since the epoch. */
export interface NodeTime {
  readonly time: number;
}

/** Whether a body is Proxmox's envelope. */
export function isEnvelope(body: unknown): body is Envelope {
  return isObject(body) && 'data' in body;
}

/** The lines of a listing that have the shape; others are left out. */
export function resourceEntries(data: unknown): readonly ResourceEntry[] {
  if (!Array.isArray(data)) return [];
  return data.filter(
    (entry: unknown): entry is ResourceEntry =>
      isObject(entry) && typeof entry.type === 'string' && typeof entry.id === 'string',
  );
}

/** Whether data is a task's status. */
export function isTaskStatus(data: unknown): data is TaskStatus {
  if (!isObject(data) || !['string', 'undefined'].includes(typeof data.exitstatus)) return false;
  return data.status === 'running' || data.status === 'stopped';
}

/** Whether data is a version. */
export function isVersion(data: unknown): data is Version {
  return isObject(data) && typeof data.release === 'string' && typeof data.version === 'string';
}

/** Whether data is a node's time. */
export function isNodeTime(data: unknown): data is NodeTime {
  return isObject(data) && typeof data.time === 'number';
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
