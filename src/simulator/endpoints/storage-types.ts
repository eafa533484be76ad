// Why this exists: each type of storage has its own properties, contents and secrets
// (PVE/Storage/*Plugin.pm); a definition is checked against them.
import type {Uses} from '../section-plugins.ts';
import {usesOf} from '../section-plugins.ts';

/** What a type of storage may hold and how it is defined. */
export interface StorageType {
  readonly uses: Uses;
  readonly contents: readonly string[];
  /** The contents of a definition that names none. */
  readonly byDefault: readonly string[];
  /** Properties that are written elsewhere and never shown. */
  readonly secrets: readonly string[];
  readonly isShared: boolean;
  /** Reached over the network; nothing outside is reachable from the simulated nodes. */
  readonly isRemote: boolean;
}

const everything = ['images', 'rootdir', 'vztmpl', 'iso', 'backup', 'snippets', 'import'];
const disks = ['images', 'rootdir'];
const common = 'nodes disable content';
const backups = 'maxfiles prune-backups max-protected-backups';
const folder = `${common} ${backups} format mkdir create-base-path create-subdirs preallocation`;

function local(uses: Uses, contents: readonly string[], byDefault = contents): StorageType {
  return {uses, contents, byDefault, secrets: [], isShared: false, isRemote: false};
}

function remote(
  uses: Uses,
  contents: readonly string[],
  byDefault: readonly string[],
  secrets: readonly string[] = [],
): StorageType {
  return {uses, contents, byDefault, secrets, isShared: true, isRemote: true};
}

/** Types that are mounted below /mnt/pve unless a path is given. */
export const mountedTypes: ReadonlySet<string> = new Set(['nfs', 'cifs', 'glusterfs', 'cephfs']);

/** The formats of images that a type of file storage can hold. */
export const formatsByType: Readonly<Record<string, readonly string[]>> = {
  dir: ['raw', 'qcow2', 'vmdk', 'subvol'],
  nfs: ['raw', 'qcow2', 'vmdk'],
  cifs: ['raw', 'qcow2', 'vmdk'],
  glusterfs: ['raw', 'qcow2', 'vmdk'],
  btrfs: ['raw', 'subvol'],
  zfspool: ['raw', 'subvol'],
  esxi: ['raw', 'qcow2', 'vmdk'],
};

/** The types of storages by name. */
export const storageTypes: Readonly<Record<string, StorageType>> = {
  dir: local(
    usesOf(`${folder} shared content-dirs is_mountpoint bwlimit snapshot-as-volume-chain`, 'path!'),
    [...everything, 'none'],
    disks,
  ),
  btrfs: local(
    usesOf(`${folder} shared is_mountpoint nocow`, 'path!'),
    [...everything, 'none'],
    disks,
  ),
  lvm: local(
    usesOf(
      `${common} shared saferemove saferemove_throughput tagged_only bwlimit ` +
        'saferemove-stepsize snapshot-as-volume-chain',
      'vgname! base',
    ),
    disks,
    ['images'],
  ),
  lvmthin: local(usesOf(`${common} bwlimit`, 'vgname! thinpool!'), disks),
  zfspool: local(usesOf(`${common} blocksize sparse bwlimit mountpoint`, 'pool!'), disks),
  nfs: remote(
    usesOf(
      `${folder} content-dirs options bwlimit snapshot-as-volume-chain`,
      'path! server! export!',
    ),
    everything,
    ['images'],
  ),
  cifs: remote(
    usesOf(
      `${folder} content-dirs subdir username password domain smbversion bwlimit options ` +
        'snapshot-as-volume-chain',
      'path! server! share!',
    ),
    everything,
    ['images'],
    ['password'],
  ),
  glusterfs: remote(
    usesOf(`${folder} server server2 transport bwlimit`, 'path! volume!'),
    everything.filter((content) => content !== 'rootdir'),
    ['images'],
  ),
  cephfs: {
    ...remote(
      usesOf(
        `${common} ${backups} content-dirs monhost subdir options username format mkdir ` +
          'create-base-path create-subdirs fuse bwlimit keyring fs-name',
        'path!',
      ),
      ['vztmpl', 'iso', 'backup', 'snippets', 'import'],
      ['backup'],
      ['keyring'],
    ),
    isRemote: false,
  },
  rbd: {
    ...remote(
      usesOf(`${common} monhost pool data-pool namespace username krbd keyring bwlimit`),
      disks,
      ['images'],
      ['keyring'],
    ),
    isRemote: false,
  },
  pbs: remote(
    usesOf(
      `${common} ${backups} namespace port username password encryption-key master-pubkey ` +
        'fingerprint',
      'server! datastore!',
    ),
    ['backup', 'none'],
    ['backup'],
    ['password', 'encryption-key', 'master-pubkey'],
  ),
  iscsi: {
    ...remote(usesOf(`${common} bwlimit`, 'portal! target!'), ['images', 'none'], ['images']),
    isRemote: true,
  },
  iscsidirect: {
    ...remote(usesOf(`${common} bwlimit`, 'portal! target!'), ['images', 'none'], ['images']),
    isRemote: false,
  },
  zfs: {
    ...remote(
      usesOf(
        `${common} nowritecache sparse comstar_hg comstar_tg lio_tpg bwlimit zfs-base-path`,
        'portal! target! pool! blocksize! iscsiprovider!',
      ),
      ['images'],
      ['images'],
    ),
    isRemote: false,
  },
  esxi: remote(
    usesOf(`${common} shared server! username! password skip-cert-verification port`),
    ['import'],
    ['import'],
    ['password'],
  ),
};
