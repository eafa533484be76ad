// Why this exists: backups now: the checks of the call, and a worker that goes through the guests
// one by one, locking each, with the log that people read.

import {selectedGuests} from '../endpoints/backup-selection.ts';
import {fail, paramError} from '../failure.ts';
import {bootStages, extinguish} from '../lxc/power.ts';
import {may, require403} from '../permission.ts';
import {randomUuid} from '../random.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import type {Cluster, Guest, LxcGuest, QemuGuest} from '../state.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import type {Stage, Worker} from '../task.ts';
import {fork} from '../task.ts';
import {put} from '../volume.ts';
import {archiveTime, disksToSave} from './archive.ts';
import {checkCall, requireOptions} from './call-checks.ts';
import {planContainerBackup} from './container.ts';
import type {Options, Target} from './job-options.ts';
import {commandLine, normalOptions, openTarget, storageNamed} from './job-options.ts';
import {keptBy, refusal} from './limits.ts';
import {fillNotes} from './notes.ts';
import {backupsOn, markBackups, removeMarked, retention} from './prune.ts';
import {afterCopyLines, beforeCopyLines, logDate} from './report.ts';
import {extractConfig, showDefaults} from './vzdump-reads.ts';

const base = '/nodes/{node}/vzdump';

/** `/nodes/{node}/vzdump` and below. */
export const vzdumpRoutes: readonly Route[] = [
  route('POST', base, backUp),
  route('GET', `${base}/defaults`, showDefaults),
  route('GET', `${base}/extractconfig`, extractConfig),
];

/** How long a guest's disks take; the recorded ones took about as long. */
const copyMs = 1_500;
const containerCopyMs = 200;
/** How long a container takes to stop. */
const stopMs = 900;
/** Nothing is really compressed: sizes of the archives of an empty disk (DIFFERENCES.md). */
const archiveBytes: Readonly<Record<string, number>> = {
  '': 157_696,
  zst: 36_587,
  gz: 42_446,
  lzo: 61_440,
};

function backUp(context: Context): Reply {
  const {cluster, params, auth, node} = context;
  if (params.stdout === '1') {
    paramError({stdout: 'option is only allowed on the command line interface.'});
  }
  const storage = storageNamed(params);
  requireOptions(context, storage);
  checkCall(context);
  const options = normalOptions(params);
  const selected = selectedGuests(cluster, new Map(Object.entries(options)));
  const vmids = selected.filter((vmid) => nodeOf(cluster, vmid, node) === node);
  if (params.stop === '1') {
    require403(context, `/nodes/${node}`, ['Sys.Modify']);
    stopBackups(cluster, node);
    if (vmids.length === 0) return data('OK');
  }
  if (vmids.length === 0 && options.all !== '1') {
    return data('OK');
  }
  if (storage !== undefined) {
    require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  }
  const id = vmids.length === 1 ? String(vmids[0]) : '';
  const elsewhere = selected.filter((vmid) => !vmids.includes(vmid));
  const stages = jobStages(context, {options, vmids, elsewhere});
  return data(fork(cluster, {node, type: 'vzdump', id, auth, stages}));
}

/** `stop` ends what runs on the node. */
function stopBackups(cluster: Cluster, node: string): void {
  for (const task of cluster.tasks.values()) {
    if (task.type === 'vzdump' && task.node === node) task.stop?.('interrupted by signal');
  }
}

/** Guests of other nodes are left to these; one that does not exist is an error of this job. */
function nodeOf(cluster: Cluster, vmid: number, here: string): string {
  return cluster.guests.get(vmid)?.node ?? here;
}

interface Job {
  readonly options: Options;
  readonly vmids: readonly number[];
  /** Selected, but on other nodes. */
  readonly elsewhere: readonly number[];
}

interface JobState {
  readonly context: Context;
  readonly options: Options;
  readonly target: Target;
  failures: number;
}

function jobStages(context: Context, {options, vmids, elsewhere}: Job): readonly Stage[] {
  const {cluster, node} = context;
  return [
    {
      kind: 'then',
      stages: (worker) => {
        const target = openTarget(cluster, node, options);
        worker.log(`INFO: starting new backup job: vzdump ${commandLine(context, options)}`);
        if (elsewhere.length > 0) {
          worker.log(`INFO: skip external VMs: ${elsewhere.join(', ')}`);
        }
        const state: JobState = {context, options, target, failures: 0};
        const allowed = vmids.filter((vmid) => mayBackUp(context, vmid, options.all === '1'));
        return [
          ...allowed.map((vmid): Stage => guestStage(state, vmid)),
          {kind: 'do', run: ({log}) => conclude(state, log)},
        ];
      },
    },
  ];
}

/** Of all guests those are taken that may be; one that is named must be. */
function mayBackUp(context: Context, vmid: number, isSilent: boolean): boolean {
  if (!context.cluster.guests.has(vmid)) return true;
  const path = `/vms/${vmid}`;
  if (!isSilent) require403(context, path, ['VM.Backup']);
  return may(context, path, ['VM.Backup']);
}

function conclude(state: JobState, log: (line: string) => void): void {
  if (state.failures > 0) {
    log('INFO: Backup job finished with errors');
    fail(500, 'job errors');
  }
  log('INFO: Backup job finished successfully');
}

function guestStage(state: JobState, vmid: number): Stage {
  return {
    kind: 'then',
    stages: (worker) => {
      const {cluster, node} = state.context;
      const now = (): string => logDate(nodeSeconds(cluster, node));
      const guest = cluster.guests.get(vmid);
      if (guest === undefined) {
        giveUp(state, worker, vmid, `unable to find VM '${vmid}'`);
        return [];
      }
      const why = refusal(state.context, guest, state.options, state.target);
      if (why !== undefined) {
        giveUp(state, worker, vmid, why);
        return [];
      }
      worker.log(`INFO: Starting Backup of VM ${vmid} (${guest.kind})`);
      worker.log(`INFO: Backup started at ${now()}`);
      worker.log(`INFO: status = ${guest.runtime === undefined ? 'stopped' : 'running'}`);
      const lock = guest.config.get('lock');
      if (lock !== undefined) {
        const kind = guest.kind === 'qemu' ? 'VM' : 'CT';
        giveUp(state, worker, vmid, `${kind} is locked (${lock})`);
        return [];
      }
      setLock(cluster, guest, 'backup');
      return guest.kind === 'qemu'
        ? copyStages(state, guest, worker)
        : containerStages(state, guest, worker);
    },
  };
}

function giveUp(state: JobState, worker: Worker, vmid: number, why: string): void {
  const {cluster, node} = state.context;
  state.failures += 1;
  worker.log(`ERROR: Backup of VM ${vmid} failed - ${why}`);
  worker.log(`INFO: Failed at ${logDate(nodeSeconds(cluster, node))}`);
}

function setLock(cluster: Cluster, guest: Guest, lock: string | undefined): void {
  if (lock === undefined) {
    guest.config.delete('lock');
  } else {
    guest.config.set('lock', lock);
  }
  recordEffect(cluster, 'lock', guest.vmid, lock ?? 'cleared');
}

function copyStages(state: JobState, guest: QemuGuest, worker: Worker): readonly Stage[] {
  const {cluster, node} = state.context;
  const params = state.options;
  const disks = disksToSave(cluster, guest);
  const compress = compressionOf(params);
  const startS = nodeSeconds(cluster, node);
  const extension = compress === '' ? 'vma' : `vma.${compress}`;
  const file = `vzdump-qemu-${guest.vmid}-${archiveTime(startS)}.${extension}`;
  const path = `${state.target.folder}/${file}`;
  const uuid = randomUuid(cluster.random);
  const report = {params, guest, disks, path, uuid, bytes: archiveBytes[compress] ?? 0};
  for (const line of beforeCopyLines(report)) {
    worker.log(line);
  }
  const config = new Map([...guest.config].filter(([key]) => key !== 'lock'));
  const content = {config, disks};
  return [
    {kind: 'undo', run: () => setLock(cluster, guest, undefined)},
    {kind: 'wait', ms: copyMs},
    {
      kind: 'do',
      run: () => {
        for (const line of afterCopyLines(report)) {
          worker.log(line);
        }
        store(state, guest, {file, extension, startS, bytes: report.bytes, content});
        finish(state, guest, worker, {startS, restarts: false, closing: []});
      },
    },
  ];
}

function compressionOf(params: Readonly<Record<string, string>>): string {
  return {zstd: 'zst', gzip: 'gz', lzo: 'lzo', '1': 'lzo'}[params.compress ?? ''] ?? '';
}

/** A container is stopped for the time of the copy, stands still for a moment, or goes on. */
function containerStages(state: JobState, guest: LxcGuest, worker: Worker): readonly Stage[] {
  const {cluster, node} = state.context;
  const params = state.options;
  const compress = compressionOf(params);
  const startS = nodeSeconds(cluster, node);
  const extension = compress === '' ? 'tar' : `tar.${compress}`;
  const file = `vzdump-lxc-${guest.vmid}-${archiveTime(startS)}.${extension}`;
  const path = `${state.target.folder}/${file}`;
  const plan = planContainerBackup(cluster, guest, {
    mode: params.mode ?? 'snapshot',
    compress,
    path,
    ionice: params.ionice ?? '7',
    bwlimit: params.bwlimit,
  });
  for (const line of plan.before) {
    worker.log(line);
  }
  const config = new Map([...guest.config].filter(([key]) => key !== 'lock' && key !== 'parent'));
  const {disks, tarBytes, ostype, after, archiveBytes: bytes} = plan;
  const content = {config, disks, tarBytes, ostype};
  const restarts = guest.runtime !== undefined && plan.mode === 'stop';
  const job = {cluster, node, log: worker.log};
  return [
    {kind: 'undo', run: () => setLock(cluster, guest, undefined)},
    {
      kind: 'do',
      run: () => {
        if (restarts) {
          extinguish(cluster, guest);
        }
      },
    },
    {kind: 'wait', ms: containerCopyMs + (restarts ? stopMs : 0)},
    {
      kind: 'do',
      run: () => {
        for (const line of after) {
          worker.log(line);
        }
        store(state, guest, {file, extension, startS, bytes, content});
      },
    },
    ...(restarts ? bootStages(job, guest) : []),
    {
      kind: 'do',
      run: () => finish(state, guest, worker, {startS, restarts, closing: plan.closing}),
    },
  ];
}

interface Stored {
  readonly file: string;
  readonly extension: string;
  readonly startS: number;
  readonly bytes: number;
  readonly content: unknown;
}

function store(state: JobState, guest: Guest, stored: Stored): void {
  const {context, options: params} = state;
  const {storage} = state.target;
  const {cluster, node} = context;
  if (storage === undefined) return;
  const volid = `${storage.id}:backup/${stored.file}`;
  const template = params['notes-template'];
  const notes = template === undefined ? {} : {notes: fillNotes(template, {guest, node})};
  put(cluster, {
    volid,
    storage: storage.id,
    node: storage.shared ? undefined : node,
    format: stored.extension,
    sizeBytes: stored.bytes,
    usedBytes: stored.bytes,
    vmid: guest.vmid,
    parent: undefined,
    content: 'backup',
    ctimeS: stored.startS,
    snapshots: new Set(),
    data: stored.content,
    ...notes,
    ...(params.protected === '1' ? {protected: true} : {}),
  });
  recordEffect(cluster, 'backup', guest.vmid, volid);
}

function finish(
  state: JobState,
  guest: Guest,
  worker: Worker,
  how: {
    readonly startS: number;
    readonly restarts: boolean;
    readonly closing: readonly string[];
  },
): void {
  const {cluster, node} = state.context;
  const params = state.options;
  if ((params['notes-template'] ?? '') !== '') {
    worker.log('INFO: adding notes to backup');
  }
  if (params.protected === '1') {
    worker.log('INFO: marking backup as protected');
  }
  pruneAfter(state, guest, worker);
  for (const line of how.closing) {
    worker.log(line);
  }
  if (how.restarts) {
    worker.log('INFO: restarting vm');
    worker.log('INFO: guest is online again after 1 seconds');
  }
  if (guest.kind === 'qemu' && guest.runtime !== undefined && params.mode === 'suspend') {
    worker.log('INFO: resume vm');
  }
  setLock(cluster, guest, undefined);
  const seconds = Math.max(0, nodeSeconds(cluster, node) - how.startS);
  const clock = `00:00:${String(seconds).padStart(2, '0')}`;
  worker.log(`INFO: Finished Backup of VM ${guest.vmid} (${clock})`);
  worker.log(`INFO: Backup finished at ${logDate(nodeSeconds(cluster, node))}`);
}

function pruneAfter(state: JobState, guest: Guest, worker: Worker): void {
  const {context, options} = state;
  const {storage} = state.target;
  const text = options['prune-backups'] ?? keptBy(storage);
  const counts = retention(text);
  const isAll = [...counts].every(([key, count]) => key === 'keep-all' || count === 0);
  if (isAll || options.remove === '0') {
    return;
  }
  const said = [...counts].map(([key, count]) => `${key}=${count}`).sort();
  worker.log(`INFO: prune older backups with retention: ${said.join(', ')}`);
  const {cluster, node} = context;
  const there = storage === undefined ? [] : backupsOn(cluster, node, storage.id, guest.vmid);
  const own = there.filter(({volid}) => volid.includes(`vzdump-${guest.kind}-`));
  const count = removeMarked(cluster, node, markBackups(own, text), (line) =>
    worker.log(`INFO: ${line}`),
  );
  const policy = count > 0 ? ' not covered by keep-retention policy' : '';
  worker.log(`INFO: pruned ${count} backup(s)${policy}`);
}
