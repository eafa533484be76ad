// Why this exists: what can be read of a node's disks, devices, packages and certificates, and
// looking for storages, of which none is found (PVE/API2/Disks.pm, Hardware.pm, APT.pm, Scan.pm).
import {paramError} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, nothing, route} from '../route.ts';
import {childNames} from '../schema/api.ts';
import {forkPlain} from './node-settings.ts';
import {versionOf} from './versions.ts';

const base = '/nodes/{node}';

function index(path: string, key: string, names: readonly string[]): Route {
  return route('GET', `${base}/${path}`, () => data(names.map((name) => ({[key]: name}))));
}

function empty(path: string): Route {
  return route('GET', `${base}/${path}`, () => data([]));
}

/** Lists of what a node has; empty where it has none. */
export const hardwareRoutes: readonly Route[] = [
  index('hardware', 'type', ['pci', 'usb']),
  empty('hardware/pci'),
  index('hardware/pci/{pci-id-or-mapping}', 'method', ['mdev']),
  empty('hardware/pci/{pci-id-or-mapping}/mdev'),
  empty('hardware/usb'),
  index('capabilities', 'name', ['qemu']),
  route('GET', `${base}/capabilities/qemu`, ({cluster}) =>
    data(childNames(cluster.version, `${base}/capabilities/qemu`).map((name) => ({name}))),
  ),
  route('GET', `${base}/sdn/zones/{zone}`, ({cluster}) =>
    data(childNames(cluster.version, `${base}/sdn/zones/{zone}`).map((subdir) => ({subdir}))),
  ),
  index('apt', 'id', ['changelog', 'repositories', 'update', 'versions']),
  route('GET', `${base}/apt/versions`, showVersions),
  empty('apt/update'),
  route('POST', `${base}/apt/update`, (context) =>
    forkPlain(context, 'aptupdate', '', (worker) => worker.log('starting apt-get update')),
  ),
  index('certificates', 'name', ['acme', 'custom', 'info']),
  index('certificates/acme', 'name', ['certificate']),
  route('GET', `${base}/certificates/info`, showCertificates),
  route('DELETE', `${base}/certificates/custom`, () => nothing),
  empty('aplinfo'),
  route('POST', `${base}/aplinfo`, () => paramError({template: 'no such template'})),
  index('sdn', 'name', ['zones']),
];

/** The packages that make up the version. */
function showVersions({cluster}: Context): Reply {
  const {version} = versionOf(cluster);
  const major = cluster.version === '8.4' ? '8' : '9';
  const packages = ['proxmox-ve', 'pve-manager', 'pve-cluster', 'qemu-server', 'pve-container'];
  return data(
    packages.map((name) => ({
      Package: name,
      Title: name,
      Description: name,
      Origin: 'Proxmox',
      Section: 'admin',
      Priority: 'optional',
      Arch: 'all',
      Version: name === 'pve-manager' ? version : `${major}.0`,
      OldVersion: name === 'pve-manager' ? version : `${major}.0`,
      CurrentState: 'Installed',
      ...(name === 'pve-manager' ? {ManagerVersion: version} : {}),
    })),
  );
}

function showCertificates({cluster, node}: Context): Reply {
  const found = cluster.nodes.get(node);
  const bornS = Math.floor((found?.bootedAtMs ?? 0) / 1000);
  return data([
    {
      filename: 'pve-ssl.pem',
      fingerprint: found?.fingerprint,
      subject: `/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN=${node}.example.test`,
      issuer: '/CN=Proxmox Virtual Environment/O=PVE Cluster Manager CA',
      notbefore: bornS,
      notafter: bornS + 2 * 365 * 86_400,
      'public-key-type': 'rsaEncryption',
      'public-key-bits': 2048,
      san: [found?.ip, node, `${node}.example.test`],
      pem: '',
    },
  ]);
}
