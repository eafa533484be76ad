// Why this exists: a cluster that resembles the recorded one, so that the first request of each
// scenario meets the same world.
import {addToken, buildCluster, grant} from '../../src/simulator/build.ts';
import type {Cluster} from '../../src/simulator/state.ts';

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
