// Why this exists: the edits that people make, as a table: what is written, what that does to a
// guest that runs, and what Proxmox then holds. The expected text is written down by hand from
// facts.md, so that neither the kind nor the simulator judges itself.
import type {Risk} from '../../src/core/model.ts';
import {DEVICE_EDITS} from './edit-table-devices.ts';
import {GONE, type Spec} from './guest.ts';

/** One edit of the manifest NEO4J. */
export interface StoryEdit {
  readonly title: string;
  /** What the former text has besides NEO4J. */
  readonly former?: Spec;
  readonly patch: Spec;
  /** The risk on a running guest. */
  readonly running: Risk;
  /** On a stopped guest; benign when left out. */
  readonly stopped?: Risk;
  /** Keys as they stand in the configuration afterwards; null: absent. */
  readonly holds: {readonly [key: string]: string | RegExp | null};
  /** Keys that a revert does not bring back, as Proxmox cannot, or as nothing is ever lost. */
  readonly stays?: readonly string[];
  /** What the revert's plan says instead of converging. */
  readonly revertSays?: RegExp;
  /** What the revert brings about all the same. */
  readonly reverts?: StoryEdit['holds'];
}

const SSH_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0ZkY7x1q0qQzq3p9lT5c0o8n2n7rXvQe4xO0f6kJ2b dmg@example';

const ENCODED_KEY =
  'ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIJ0ZkY7x1q0qQzq3p9lT5c0o8n2n7rXvQe4xO0f6kJ2b%20dmg%40example';

const PLAIN_EDITS: readonly StoryEdit[] = [
  {title: 'cores', patch: {cpu: {cores: 4}}, running: 'disruptive', holds: {cores: '4'}},
  {title: 'sockets', patch: {cpu: {sockets: 2}}, running: 'disruptive', holds: {sockets: '2'}},
  {
    title: 'processor type and flags',
    patch: {cpu: {type: 'x86-64-v2-AES', flags: ['+aes', '-pcid']}},
    running: 'disruptive',
    holds: {cpu: 'x86-64-v2-AES,flags=+aes;-pcid'},
  },
  {
    title: 'processor limit and weight',
    patch: {cpu: {limit: 1.5, units: 200}},
    running: 'benign',
    holds: {cpulimit: '1.5', cpuunits: '200'},
  },
  {title: 'NUMA', patch: {cpu: {numa: true}}, running: 'disruptive', holds: {numa: '1'}},
  {title: 'vcpus', patch: {cpu: {vcpus: 1}}, running: 'disruptive', holds: {vcpus: '1'}},
  {title: 'memory', patch: {memory: '4GiB'}, running: 'disruptive', holds: {memory: '4096'}},
  {title: 'less memory', patch: {memory: '1GiB'}, running: 'disruptive', holds: {memory: '1024'}},
  {title: 'balloon', patch: {balloon: '1GiB'}, running: 'benign', holds: {balloon: '1024'}},
  {title: 'balloon off', patch: {balloon: '0MiB'}, running: 'disruptive', holds: {balloon: '0'}},
  {title: 'shares', patch: {shares: 2000}, running: 'benign', holds: {shares: '2000'}},
  {
    title: 'tags',
    former: {tags: ['harness']},
    patch: {tags: ['database', 'Production']},
    running: 'benign',
    holds: {tags: 'database;production'},
  },
  {
    title: 'no tags',
    former: {tags: ['harness']},
    patch: {tags: null},
    running: 'benign',
    holds: {tags: null},
  },
  {
    title: 'description',
    former: {description: 'First'},
    patch: {description: 'One line\n\n  and another, with ü & % and "quotes"\n'},
    running: 'benign',
    holds: {description: /^One line\n\n {2}and another, with ü & % and "quotes"\n<!-- pvegit/},
  },
  {title: 'rename', patch: {name: 'graph-db'}, running: 'benign', holds: {name: 'graph-db'}},
  {title: 'no name', patch: {name: null}, running: 'benign', holds: {name: null}},
  {
    title: 'onboot and startup',
    patch: {onboot: true, startup: {order: 2, up: '30s', down: '2m'}},
    running: 'benign',
    holds: {onboot: '1', startup: /^(?=.*\b2\b)(?=.*up=30)(?=.*down=120)/},
  },
  {
    title: 'one part of startup',
    former: {startup: {order: 2, up: '30s'}},
    patch: {startup: {order: 3}},
    running: 'benign',
    holds: {startup: /^(?=.*\b3\b)(?=.*up=30)/},
  },
  {
    title: 'agent off',
    patch: {agent: {enabled: false}},
    running: 'disruptive',
    holds: {agent: /^(0|enabled=0)$/},
    stays: ['agent'],
  },
  {
    title: 'agent: trimming',
    patch: {agent: {fstrim_cloned_disks: true}},
    running: 'benign',
    holds: {agent: /fstrim_cloned_disks=1/},
  },
  {
    title: 'boot order',
    patch: {boot: {order: ['net0', 'scsi0']}},
    running: 'disruptive',
    holds: {boot: 'order=net0;scsi0'},
  },
  {
    title: 'protection on',
    patch: {protection: true},
    running: 'benign',
    holds: {protection: '1'},
  },
  {
    title: 'protection off',
    former: {protection: true},
    patch: {protection: false},
    running: 'destructive',
    stopped: 'destructive',
    holds: {protection: /^0$/},
    stays: [],
  },
  {
    title: 'protection leaves the manifest',
    former: {protection: true},
    patch: {protection: GONE},
    running: 'destructive',
    stopped: 'destructive',
    holds: {protection: null},
  },
  {
    title: 'config: a key that waits',
    patch: {config: {bios: 'ovmf', tablet: false}},
    running: 'disruptive',
    holds: {bios: 'ovmf', tablet: '0'},
  },
  {
    title: 'config: a packed key',
    patch: {config: {vga: 'std,memory=32'}},
    running: 'disruptive',
    holds: {vga: 'std,memory=32'},
  },
  {
    title: 'config: a packed key as a map',
    patch: {config: {rng0: {source: '/dev/urandom', max_bytes: 512}}},
    running: 'disruptive',
    holds: {rng0: /urandom.*max_bytes=512/},
  },
  {
    title: 'config: null removes',
    former: {config: {watchdog: 'i6300esb,action=reset'}},
    patch: {config: {watchdog: null}},
    running: 'disruptive',
    holds: {watchdog: null},
  },
  {
    title: 'config: a key that is at once',
    patch: {config: {migrate_downtime: 0.5}},
    running: 'benign',
    holds: {migrate_downtime: '0.5'},
  },
  {
    title: 'config: hotplug words',
    patch: {config: {hotplug: 'network,disk'}},
    running: 'benign',
    holds: {hotplug: /^(disk,network|network,disk)$/},
  },
  {
    title: 'config: machine and SCSI controller',
    patch: {config: {machine: 'q35', scsihw: 'virtio-scsi-pci'}},
    running: 'disruptive',
    holds: {machine: 'q35', scsihw: 'virtio-scsi-pci'},
  },
  {
    title: 'cloud-init user and keys',
    patch: {cloudInit: {user: 'dmg', sshKeys: [SSH_KEY]}},
    running: 'benign',
    holds: {ciuser: 'dmg', sshkeys: ENCODED_KEY},
  },
  {
    title: 'cloud-init addresses',
    patch: {cloudInit: {ipConfig: {net0: {ip: '10.0.70.50/24', gw: '10.0.70.1'}}}},
    running: 'benign',
    holds: {ipconfig0: /^(?=.*ip=10\.0\.70\.50\/24)(?=.*gw=10\.0\.70\.1)/},
  },
  {
    title: 'cloud-init DNS and upgrade',
    patch: {
      cloudInit: {nameserver: ['10.0.70.1', '10.0.70.2'], searchdomain: ['a.test'], upgrade: false},
    },
    running: 'benign',
    holds: {nameserver: '10.0.70.1 10.0.70.2', searchdomain: 'a.test', ciupgrade: '0'},
  },
  {
    title: 'cloud-init password',
    patch: {cloudInit: {password: {secretRef: {name: 'harness', key: 'password'}}}},
    running: 'benign',
    holds: {cipassword: /^\$5\$/},
  },
];

/** Every edit of the table. */
export const STORY_EDITS: readonly StoryEdit[] = [...PLAIN_EDITS, ...DEVICE_EDITS];
