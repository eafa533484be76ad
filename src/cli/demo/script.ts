// Why this exists: the demo as a script: each step does one thing that a user would do, waits until
// the controller has followed, and is verified against the simulator's own state.
import type {Report} from '../../core/report.ts';
import type {Cluster, QemuGuest} from '../../simulator/state.ts';
import type {DemoRepository} from './repository.ts';

/** What a step can do and see. */
export interface Stage {
  readonly simulator: Cluster;
  readonly repository: DemoRepository;
  /** The newest report of the controller. */
  report(): Report | null;
  /** A change in Proxmox behind the controller's back, as a person at the web page makes it. */
  atTheWebPage(vmid: number, params: {readonly [key: string]: string}): Promise<void>;
  /** `pvegit apply --approve FINGERPRINT` as a person types it; its exit code and output. */
  approve(fingerprint: string): Promise<{readonly code: number; readonly output: string}>;
}

/**
 * One step: `done` is asked until it is true (or the deadline is over); it gives what is missing.
 */
export interface Step {
  readonly title: string;
  readonly act: (stage: Stage) => Promise<void>;
  /** Null when everything that the step promises is true of the simulator. */
  readonly missing: (stage: Stage) => string | null;
}

const GIB = 1024 ** 3;
const MARKER = '<!-- pvegit/v1 installation=demo cluster=harness vmid=160 -->';
const PLANE = `Project management of the harness\n${MARKER}`;

/** The story, in order; each step begins where the one before it ended. */
export const STEPS: readonly Step[] = [
  {
    title: 'create everything that the repository describes',
    act: async () => {},
    missing: ({simulator}) =>
      first(
        guestMissing(simulator, 150, {name: 'neo4j-db', cores: '2', memory: '4096'}),
        guestMissing(simulator, 160, {name: 'plane-server', cores: '4', memory: '8192'}),
        guestMissing(simulator, 200, {name: 'claude-dev-1', cores: '4', memory: '8192'}),
        guestMissing(simulator, 201, {name: 'claude-dev-2', cores: '4', memory: '8192'}),
        diskMissing(simulator, 150, 32 * GIB),
      ),
  },
  {
    title: 'edit and commit: neo4j-db gets a tag and a description',
    act: async ({repository}) => {
      await repository.edit('neo4j-db.yaml', 'tags: [database]', 'tags: [database, graph]');
      await repository.commit('neo4j-db is tagged as a graph database');
    },
    missing: ({simulator}) => guestMissing(simulator, 150, {tags: 'database;graph'}),
  },
  {
    title: 'drift: somebody changes a tag at the web page, and it is put right',
    act: async (stage) => {
      await stage.atTheWebPage(160, {tags: 'changed-by-hand'});
      const live = guest(stage.simulator, 160)?.config.get('tags');
      if (live !== 'changed-by-hand') throw new Error(`the web page shows the tags ${live}`);
    },
    missing: ({simulator}) =>
      guestMissing(simulator, 160, {tags: 'projects;web', description: PLANE}),
  },
  {
    title: 'a third member joins the set',
    act: async ({repository}) => {
      await repository.edit('claude-dev.yaml', 'replicas: 2', 'replicas: 3');
      await repository.commit('A third development machine');
    },
    missing: ({simulator}) => guestMissing(simulator, 202, {name: 'claude-dev-3', cores: '4'}),
  },
  {
    title: 'the set shrinks: the deletion is held',
    act: async ({repository}) => {
      await repository.edit('claude-dev.yaml', 'replicas: 3', 'replicas: 2');
      await repository.commit('Two development machines are enough');
    },
    missing: (stage) =>
      first(
        guestMissing(stage.simulator, 202, {name: 'claude-dev-3'}),
        heldDeletion(stage) === null ? 'the deletion of 202 is not held for approval yet' : null,
      ),
  },
  {
    title: 'the deletion is approved at the terminal',
    act: async (stage) => {
      const fingerprint = heldDeletion(stage);
      if (fingerprint === null) throw new Error('the deletion of 202 is not held');
      const {code, output} = await stage.approve(fingerprint);
      if (code !== 0) throw new Error(`pvegit apply ended with ${code}:\n${output}`);
    },
    missing: ({simulator}) =>
      first(
        simulator.guests.has(202) ? 'guest 202 is still there' : null,
        simulator.guests.has(201) ? null : 'guest 201 is gone, which nobody asked for',
        volumesOf(simulator, 202).length > 0 ? 'volumes of 202 are left' : null,
      ),
  },
];

/** The fingerprint of the held deletion of guest 202, if it is held for approval. */
function heldDeletion(stage: Stage): string | null {
  const report = stage.report();
  const action = report?.plan?.actions.find(
    ({key, verb}) => key === 'guest/202' && verb === 'delete',
  );
  if (!report || !action) return null;
  const verdict = report.verdicts.find(({fingerprint}) => fingerprint === action.fingerprint);
  return verdict?.reasons[0]?.reason === 'approval' ? action.fingerprint : null;
}

function guest(simulator: Cluster, vmid: number): QemuGuest | null {
  const found = simulator.guests.get(vmid);
  return found?.kind === 'qemu' ? found : null;
}

function guestMissing(
  simulator: Cluster,
  vmid: number,
  config: {readonly [key: string]: string},
): string | null {
  const found = guest(simulator, vmid);
  if (found === null) return `guest ${vmid} is not there yet`;
  for (const [key, value] of Object.entries(config)) {
    const live = found.config.get(key);
    if (live !== value) return `guest ${vmid}: ${key} is ${live ?? 'not set'}, not ${value}`;
  }
  if (found.config.has('lock')) return `guest ${vmid} is locked`;
  if (found.pending.size > 0 || found.pendingDelete.size > 0)
    return `guest ${vmid} has pending changes`;
  if (found.runtime === undefined) return `guest ${vmid} does not run`;
  return null;
}

function diskMissing(simulator: Cluster, vmid: number, bytes: number): string | null {
  const sizes = volumesOf(simulator, vmid).map(({sizeBytes}) => sizeBytes);
  return sizes.includes(bytes) ? null : `guest ${vmid} has no disk of ${bytes / GIB} GiB`;
}

function volumesOf(simulator: Cluster, vmid: number) {
  return [...simulator.volumes.values()].filter((volume) => volume.vmid === vmid);
}

function first(...missing: readonly (string | null)[]): string | null {
  return missing.find((one) => one !== null) ?? null;
}
