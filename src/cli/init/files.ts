// Why this exists: the files that a newcomer begins with, as text. The defaults are those of the
// web page's wizard, because that is what people know a new guest to be.
import {manifestText} from '../../manifest/write.ts';

/** What is known when a repository is begun. */
export interface Beginning {
  readonly cluster: string;
  readonly installation: string;
  /** Address of a node; null when it was not given. */
  readonly url: string | null;
  /** A trusted pin. */
  readonly pin: string | null;
  /** A pin that was seen and nobody has vouched for. */
  readonly seen: string | null;
  readonly node: string;
  readonly storage: string;
  readonly bridge: string;
  /** Address of the repository that shall be followed; null: the folder itself. */
  readonly repository: string | null;
}

/** Name of the variable that holds the token: `PVEGIT_HOME_TOKEN`. */
export function tokenVariable(cluster: string): string {
  return `PVEGIT_${cluster.toUpperCase().replaceAll('-', '_')}_TOKEN`;
}

/** pvegit.yaml */
export function configText(beginning: Beginning): string {
  const {cluster, installation, url, repository} = beginning;
  const origin =
    repository === null
      ? `    # A folder is followed as it is saved. To follow commits, write instead:
    #   url: https://git.example/infra.git
    #   branch: main
    #   path: clusters/${cluster}
    folder: clusters/${cluster}`
      : `    url: ${JSON.stringify(repository)}
    branch: main
    path: clusters/${cluster}`;
  return `# yaml-language-server: $schema=schemas/config.json
# The controller's configuration: pvegit config show prints what is in force.
installation: ${installation}        # in the marker of every guest: never change it
data: .pvegit              # journal, keys, evidence; not for Git
clusters:
  ${cluster}:
    endpoints:
      - url: ${JSON.stringify(url ?? 'https://pve1.example:8006')}
${pinLines(beginning)}
    # USER@REALM!TOKENID=SECRET, from the environment of whoever runs pvegit.
    token: {env: ${tokenVariable(cluster)}}
sources:
  - name: ${cluster}
    cluster: ${cluster}
${origin}
    # What manifests of this source may touch; the narrower, the better.
    scope: {vmids: [100-999999999]}
policy:
  benign: automatic          # undoable, loses nothing, interrupts nothing
  disruptive: approval       # interrupts a guest
  destructive: approval      # loses data; can never be automatic
`;
}

function pinLines({pin, seen}: Beginning): string {
  const where = 'openssl x509 -noout -fingerprint -sha256 -in FILE, on the node';
  if (pin !== null) return `        sha256: ["${pin}"]`;
  const what = seen ?? 'AB:CD:…';
  const said = seen === null ? '' : 'seen, but nobody has vouched for it; ';
  return `        # ${said}compare it with the node's own (${where}):
        # sha256: ["${what}"]`;
}

/** clusters/NAME/defaults.yaml */
export function defaultsText({cluster, node, storage, bridge}: Beginning): string {
  return manifestText({
    schema: '../../schemas/Defaults.json',
    head: [
      'What new guests of this folder have in common: the choices of the web page’s wizard. What a',
      'guest says itself wins; pvegit has no defaults of its own.',
    ],
    comments: {},
    value: {
      apiVersion: 'pvegit/v1',
      kind: 'Defaults',
      metadata: {name: cluster},
      spec: {
        VirtualMachine: {
          node,
          cpu: {type: 'x86-64-v2-AES'},
          disks: {scsi0: {storage, iothread: true}},
          networks: {net0: {model: 'virtio', bridge, firewall: true}},
          config: {ostype: 'l26', scsihw: 'virtio-scsi-single'},
        },
      },
    },
  });
}

/** clusters/NAME/example.yaml: it is looked at and never made, until a line is deleted. */
export function exampleText(): string {
  return manifestText({
    schema: '../../schemas/VirtualMachine.json',
    head: ['An example: edit it or delete it.'],
    comments: {
      'metadata.annotations': ['Only looked at. Delete this line and pvegit makes the guest.'],
      'spec.empty': ['Made from nothing; usual is a copy: clone: {vmid: 9000, full: true}'],
    },
    value: {
      apiVersion: 'pvegit/v1',
      kind: 'VirtualMachine',
      metadata: {name: 'example', annotations: {'pvegit/mode': 'observe'}},
      spec: {
        vmid: 99_000,
        empty: {},
        power: 'stopped',
        cpu: {cores: 1},
        memory: '2GiB',
        disks: {scsi0: {size: '32GiB'}},
      },
    },
  });
}
