// Why this exists: a cluster that resembles the recorded one, so that the first request of each
// scenario meets the same world.
import {addGuest, addToken, buildCluster, grant} from '../../src/simulator/build.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {publishNow} from '../../src/simulator/statistics.ts';
import {allocate, put} from '../../src/simulator/volume.ts';

/** Credentials of the recorded callers, by the name that recordings give them. */
export const secrets = {
  ci: '11111111-1111-4111-8111-111111111111',
  admin: '22222222-2222-4222-8222-222222222222',
  rootPassword: 'root-password',
} as const;

const gitOps =
  'Datastore.AllocateSpace,Datastore.AllocateTemplate,Datastore.Audit,Mapping.Audit,Mapping.Use,Pool.Allocate,Pool.Audit,SDN.Audit,SDN.Use,Sys.Audit,Sys.Console,Sys.Modify,VM.Allocate,VM.Audit,VM.Backup,VM.Clone,VM.Config.CDROM,VM.Config.CPU,VM.Config.Cloudinit,VM.Config.Disk,VM.Config.HWType,VM.Config.Memory,VM.Config.Network,VM.Config.Options,VM.Migrate,VM.Monitor,VM.PowerMgmt,VM.Snapshot,VM.Snapshot.Rollback';

const allContent = ['images', 'rootdir', 'vztmpl', 'iso', 'backup', 'snippets'];

/** The recorded cluster as a scenario finds it. */
export function prepareCluster(): Cluster {
  const cluster = buildCluster({
    nowMs: 1_795_252_131_000,
    storages: {
      local: {content: allContent, options: {path: '/var/lib/vz', 'prune-backups': 'keep-all=1'}},
      sandbox: {
        content: [...allContent, 'import'],
        options: {path: '/srv/sandbox', 'prune-backups': 'keep-last=3'},
      },
      second: {content: ['images', 'backup'], options: {path: '/srv/second'}},
    },
  });
  prepareNode(cluster);
  prepareAccess(cluster);
  return cluster;
}

function prepareNode(cluster: Cluster): void {
  const node = cluster.nodes.get('pve1');
  if (node !== undefined) {
    cluster.nodes.set('pve1', {
      ...node,
      cpus: 2,
      memoryBytes: 25_276_510_208,
      diskBytes: 270_553_174_016,
    });
  }
  for (const storage of cluster.storages.values()) {
    storage.totalBytes = 270_553_174_016;
  }
}

function prepareAccess(cluster: Cluster): void {
  cluster.access.roles.set('GitOps', new Set(gitOps.split(',')));
  addToken(cluster, {
    user: 'gitops@pve',
    token: 'ci',
    secret: secrets.ci,
    comment: 'acceptance',
  });
  addToken(cluster, {user: 'root@pam', token: 'admin', secret: secrets.admin, privsep: false});
  const gitops = cluster.access.users.get('gitops@pve');
  const root = cluster.access.users.get('root@pam');
  if (gitops !== undefined && root !== undefined) {
    gitops.password = 'gitops-pass-1';
    gitops.fields.set('comment', 'GitOps reconciler').set('email', '');
    root.password = secrets.rootPassword;
  }
  grant(cluster, {subject: 'gitops@pve', role: 'GitOps', path: '/'});
  grant(cluster, {subject: 'gitops@pve!ci', role: 'GitOps', path: '/'});
}

/** Images and templates that lay on the storage `sandbox`. */
export function addFiles(cluster: Cluster): void {
  addFile(cluster, {name: 'import/tiny.qcow2', format: 'qcow2', bytes: 19_644_928});
  addFile(cluster, {name: 'iso/tiny.iso', format: 'iso', bytes: 27_856_896});
  const template = {format: 'tgz', bytes: 1_032_248, tarBytes: 2_007_040};
  addFile(cluster, {name: 'vztmpl/tinyct_1.0_amd64.tar.gz', ...template});
}

/** Two directories of nodes that are no members: pve9 is dead, pve8 shows a foreign certificate. */
export function addDeadNodes(cluster: Cluster): void {
  const living = cluster.nodes.get('pve1');
  if (living === undefined) {
    return;
  }
  const dead = {...living, online: false, listed: false};
  const certificate = 'error:0A000086:SSL routines::certificate verify failed';
  const refused = {status: 595, reason: 'Connection refused'};
  cluster.nodes.set('pve9', {...dead, name: 'pve9', unreachable: refused});
  cluster.nodes.set('pve8', {
    ...dead,
    name: 'pve8',
    unreachable: {status: 596, reason: certificate},
  });
  addGuest(cluster, 999, {node: 'pve9', config: {memory: '64'}});
  addLeftovers(cluster);
}

/** What earlier scenarios had left behind: a container and three disks. */
function addLeftovers(cluster: Cluster): void {
  cluster.guests.set(244, {
    kind: 'lxc',
    vmid: 244,
    node: 'pve1',
    config: new Map([
      ['hostname', 'CT244'],
      ['memory', '512'],
      ['rootfs', 'local:244/x.raw,size=4G'],
    ]),
    pending: new Map(),
    pendingDelete: new Map(),
    snapshots: new Map(),
    runtime: undefined,
  });
  publishNow(cluster);
  for (const name of ['vm-300-disk-1', 'vm-301-disk-0']) {
    const wish = {storage: 'sandbox', node: 'pve1', vmid: 300, name, format: 'qcow2'};
    allocate(cluster, {...wish, sizeBytes: 1024 ** 3, usedBytes: 331_776});
  }
}

/** Put a file onto the storage `sandbox`; a template says how large its tar is. */
export function addFile(
  cluster: Cluster,
  file: {
    readonly name: string;
    readonly format: string;
    readonly bytes: number;
    readonly tarBytes?: number;
  },
): void {
  put(cluster, {
    volid: `sandbox:${file.name}`,
    storage: 'sandbox',
    node: 'pve1',
    format: file.format,
    sizeBytes: file.bytes,
    usedBytes: file.bytes,
    vmid: undefined,
    parent: undefined,
    content: file.name.split('/')[0] ?? '',
    ctimeS: 1_795_252_079,
    snapshots: new Set(),
    // The image inside is as large as the CD image it was made from.
    data: {virtualBytes: 27_856_896, tarBytes: file.tarBytes},
  });
}
