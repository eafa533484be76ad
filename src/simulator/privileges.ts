// Why this exists: the privileges and built-in roles of each version, as `GET /access/roles` of
// the real API lists them (facts.md section 14).
import type {Version} from './state.ts';

const vmConfig = [
  'VM.Config.CDROM',
  'VM.Config.CPU',
  'VM.Config.Cloudinit',
  'VM.Config.Disk',
  'VM.Config.HWType',
  'VM.Config.Memory',
  'VM.Config.Network',
  'VM.Config.Options',
] as const;

const vmCommon = [
  'VM.Allocate',
  'VM.Audit',
  'VM.Backup',
  'VM.Clone',
  ...vmConfig,
  'VM.Console',
  'VM.Migrate',
  'VM.PowerMgmt',
  'VM.Snapshot',
  'VM.Snapshot.Rollback',
] as const;

const vmOnly84 = ['VM.Monitor'] as const;
const vmOnly91 = [
  'VM.GuestAgent.Audit',
  'VM.GuestAgent.FileRead',
  'VM.GuestAgent.FileSystemMgmt',
  'VM.GuestAgent.FileWrite',
  'VM.GuestAgent.Unrestricted',
  'VM.Replicate',
] as const;

const datastore = [
  'Datastore.Allocate',
  'Datastore.AllocateSpace',
  'Datastore.AllocateTemplate',
  'Datastore.Audit',
] as const;

const adminRest = [
  ...datastore,
  'Group.Allocate',
  'Mapping.Audit',
  'Mapping.Use',
  'Pool.Allocate',
  'Pool.Audit',
  'Realm.AllocateUser',
  'SDN.Allocate',
  'SDN.Audit',
  'SDN.Use',
  'Sys.Audit',
  'Sys.Console',
  'Sys.Syslog',
  'User.Modify',
] as const;

const rootRest = [
  'Mapping.Modify',
  'Permissions.Modify',
  'Realm.Allocate',
  'Sys.AccessNetwork',
  'Sys.Incoming',
  'Sys.Modify',
  'Sys.PowerMgmt',
] as const;

const privilegesByVersion = {'8.4': sortedPrivileges('8.4'), '9.1': sortedPrivileges('9.1')};

/** All privileges of a version, sorted. */
export function allPrivileges(version: Version): readonly string[] {
  return privilegesByVersion[version];
}

function sortedPrivileges(version: Version): readonly string[] {
  return [...vmPrivileges(version), ...adminRest, ...rootRest].sort();
}

const rolesByVersion = {'8.4': makeRoles('8.4'), '9.1': makeRoles('9.1')};

/** The built-in roles of a version by name; nobody can change them. */
export function builtInRoles(version: Version): ReadonlyMap<string, ReadonlySet<string>> {
  return rolesByVersion[version];
}

function makeRoles(version: Version): ReadonlyMap<string, ReadonlySet<string>> {
  const vm = vmPrivileges(version);
  const agentAudit = version === '8.4' ? [] : ['VM.GuestAgent.Audit'];
  const roles: Readonly<Record<string, readonly string[]>> = {
    Administrator: allPrivileges(version),
    NoAccess: [],
    PVEAdmin: [...vm, ...adminRest].sort(),
    PVEAuditor: [
      'Datastore.Audit',
      'Mapping.Audit',
      'Pool.Audit',
      'SDN.Audit',
      'Sys.Audit',
      'VM.Audit',
      ...agentAudit,
    ],
    PVEDatastoreAdmin: datastore,
    PVEDatastoreUser: ['Datastore.AllocateSpace', 'Datastore.Audit'],
    PVEMappingAdmin: ['Mapping.Audit', 'Mapping.Modify', 'Mapping.Use'],
    PVEMappingUser: ['Mapping.Audit', 'Mapping.Use'],
    PVEPoolAdmin: ['Pool.Allocate', 'Pool.Audit'],
    PVEPoolUser: ['Pool.Audit'],
    PVESDNAdmin: ['SDN.Allocate', 'SDN.Audit', 'SDN.Use'],
    PVESDNUser: ['SDN.Audit', 'SDN.Use'],
    PVESysAdmin: ['Sys.Audit', 'Sys.Console', 'Sys.Syslog'],
    PVETemplateUser: ['VM.Audit', 'VM.Clone'],
    PVEUserAdmin: ['Group.Allocate', 'Realm.AllocateUser', 'User.Modify'],
    PVEVMAdmin: [...vm].sort(),
    PVEVMUser: [
      'VM.Audit',
      'VM.Backup',
      'VM.Config.CDROM',
      'VM.Config.Cloudinit',
      'VM.Console',
      ...agentAudit,
      'VM.PowerMgmt',
    ],
  };
  return new Map(Object.entries(roles).map(([name, list]) => [name, new Set(list)]));
}

function vmPrivileges(version: Version): readonly string[] {
  return [...vmCommon, ...(version === '8.4' ? vmOnly84 : vmOnly91)];
}
