// Why this exists: one story that has everything: it creates, clones, resizes, cycles, migrates and
// deletes (with approval), detaches and releases, beside guests that are nobody's business.
import type {Report} from '../../src/core/report.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import type {Files} from './repository.ts';
import {CLUSTER, type Story} from './world.ts';

const GIB = 1024 ** 3;

/** Guests that the repository does not speak of. */
export const STRANGERS = [100, 200] as const;

/** Two nodes, a shared storage, the template and a stranger that runs. */
export function scenarioCluster(seed: number): Cluster {
  return demoCluster({
    seed,
    nodes: ['pve1', 'pve2'],
    storages: {
      local: {content: ['iso', 'snippets', 'import'], options: {path: '/var/lib/vz'}},
      'local-lvm': {type: 'lvmthin', content: ['images'], totalGiB: 400},
      shared: {type: 'rbd', content: ['images'], shared: true, totalGiB: 900, allocateMs: 300},
    },
    guests: {
      200: {
        node: 'pve2',
        config: {
          name: 'stranger',
          memory: '512',
          smbios1: 'uuid=11111111-2222-4333-8444-555555555555',
          scsi0: 'shared:vm-200-disk-0,size=4G',
        },
        running: true,
        volumes: {'shared:vm-200-disk-0': 4 * GIB},
      },
    },
  });
}

interface Guests {
  readonly web?: {readonly memory: string; readonly disk: string};
  readonly db?: Db;
}

interface Db {
  readonly node: string;
  readonly second: boolean;
  readonly disk: string;
  /** Whether it outlives its document. */
  readonly retain?: boolean;
}

/** The repository's files for these guests. */
export function filesOf({web, db}: Guests): Files {
  return {
    'defaults.yaml': DEFAULTS,
    ...(web === undefined ? {} : {'web.yaml': webOf(web)}),
    ...(db === undefined ? {} : {'db.yaml': dbOf(db)}),
  };
}

const DEFAULTS = `apiVersion: pvegit/v1
kind: Defaults
metadata: {name: all}
spec:
  VirtualMachine: {onboot: true}
`;

const webOf = ({memory, disk}: NonNullable<Guests['web']>): string => `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: web}
spec:
  vmid: 150
  node: pve1
  power: running
  clone: {vmid: 100, full: true}
  description: the shop's front
  cpu: {cores: 3}
  memory: ${memory}
  disks:
    scsi0: {size: ${disk}}
  networks:
    net0: {model: virtio, bridge: vmbr1}
`;

const RETAINED = '{name: db, annotations: {pvegit/on-delete: retain}}';

const dbOf = ({node, second, disk, retain}: Db): string => `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: ${retain === true ? RETAINED : '{name: db}'}
spec:
  vmid: 151
  node: ${node}
  power: stopped
  empty: {}
  memory: 2GiB
  disks:
    scsi0: {storage: shared, size: ${disk}}
${second ? '    scsi1: {storage: shared, size: 2GiB}\n' : ''}`;

/** What is committed, one after the other, each once the former has taken. */
export const COMMITS: readonly Files[] = [
  filesOf({
    web: {memory: '2GiB', disk: '8GiB'},
    db: {node: 'pve1', second: false, disk: '4GiB'},
  }),
  filesOf({
    web: {memory: '3GiB', disk: '8GiB'},
    db: {node: 'pve1', second: true, disk: '6GiB'},
  }),
  filesOf({web: {memory: '3GiB', disk: '8GiB'}, db: {node: 'pve2', second: true, disk: '6GiB'}}),
  filesOf({db: {node: 'pve2', second: true, disk: '6GiB'}}),
  // The second disk is detached and kept; then the guest is let go of, as it is.
  filesOf({db: {node: 'pve2', second: false, disk: '6GiB'}}),
  filesOf({db: {node: 'pve2', second: false, disk: '6GiB', retain: true}}),
  filesOf({}),
];

/** Keys whose deletion the operator says yes to. */
export const CONSENTED: ReadonlySet<string> = new Set(['guest/150']);

/** How long one commit may take to come true, virtual ms. */
const PATIENCE_MS = 6 * 3_600_000;
/** How often the operator looks. */
const LOOK_MS = 1_000;
/** How soon a dead controller is started again. */
const RESTART_MS = 2_000;

/** How a run of the scenario ended. */
export interface Ending {
  /** Null: everything came true. */
  readonly stuck: string | null;
  readonly deaths: number;
  /** Fingerprints that the operator approved. */
  readonly approved: readonly string[];
}

/** Commits one after the other, approves what is consented to, restarts what died. */
export async function play(
  story: Story,
  commits: readonly Files[] = COMMITS,
  consented: ReadonlySet<string> = CONSENTED,
): Promise<Ending> {
  let deaths = 0;
  const approved: string[] = [];
  for (const [index, files] of commits.entries()) {
    const commit = story.repository.commit(files);
    const deadline = story.clock.monotonic() + PATIENCE_MS;
    for (;;) {
      await story.sleep(LOOK_MS);
      const {process} = story;
      if (process !== null && !process.life.alive) {
        deaths += 1;
        await story.sleep(RESTART_MS);
        story.start();
        continue;
      }
      if (process?.broken) return {stuck: `broken: ${String(process.broken)}`, deaths, approved};
      const report = process?.report ?? null;
      if (report !== null) approve(story, report, {approved, consented});
      if (report !== null && isSettled(report, commit)) break;
      if (story.clock.monotonic() < deadline) continue;
      return {stuck: `commit ${index + 1}: ${whyNot(report)}`, deaths, approved};
    }
  }
  return {stuck: null, deaths, approved};
}

function isSettled(report: Report, commit: string): boolean {
  return (
    report.result === 'ok' &&
    report.sources.every((source) => source.commit === commit) &&
    report.applying.length === 0 &&
    report.dispatched.length === 0 &&
    report.openIntents === 0 &&
    report.resources.every(({state}) => state === 'in_sync')
  );
}

function approve(
  story: Story,
  report: Report,
  {approved, consented}: {readonly approved: string[]; readonly consented: ReadonlySet<string>},
): void {
  for (const verdict of report.verdicts) {
    const isHeld = verdict.verdict === 'hold' && verdict.reasons[0]?.reason === 'approval';
    const now = story.clock.now();
    // What was approved and is still held got lost on the way: a person asks again after a while.
    if (!isHeld || !consented.has(verdict.key)) continue;
    if (approved.at(-1)?.startsWith(`${verdict.fingerprint} `) === true) {
      if (now - Number(approved.at(-1)?.split(' ')[1]) < 120_000) continue;
    }
    approved.push(`${verdict.fingerprint} ${now}`);
    const approval = {
      id: `approval-${approved.length}`,
      fingerprint: verdict.fingerprint,
      principal: 'ann',
      via: 'terminal' as const,
      issuedAt: now,
      expiresAt: now + 3_600_000,
      reason: 'it goes',
    };
    story.journal.addRequest({kind: 'approve', cluster: CLUSTER, approval}, now);
  }
}

function whyNot(report: Report | null): string {
  if (report === null) return 'no report';
  const resources = report.resources.filter(({state}) => state !== 'in_sync');
  const says = resources.map(({key, state, because}) => {
    const reasons = because.map(({reason, detail}) => `${reason}: ${detail}`);
    return `${key} ${state} ${reasons.join('; ')}`;
  });
  const {result, openIntents, applying, sources} = report;
  const errors = sources.flatMap(({diagnostics}) => diagnostics.map(({detail}) => detail));
  return JSON.stringify({result, openIntents, applying: applying.length, says, errors});
}
