// Why this exists: what is known of each container key (what a change does while it runs, which
// privilege it asks for) is what the simulator does with it.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {
  call,
  container,
  containerCluster,
  keyValues,
  tokenWith,
} from '../../src/simulator/lxc/samples.ts';
import {needs, SHARED} from '../parts.ts';

interface KeyFacts {
  readonly hotplug: string;
  readonly privilege: string;
  readonly root_only: boolean;
}

const present = needs('shared');
const file = join(SHARED, 'proxmox/config-keys.json');
// Safe: the file's own description of its shape.
const known = present
  ? (JSON.parse(readFileSync(file, 'utf8')) as {readonly lxc: Readonly<Record<string, KeyFacts>>})
  : {lxc: {}};
/** A locked container is written to no more, and unusedN is for taking out. */
const elsewhere = new Set(['lock', 'unused0']);
const keys = Object.entries(known.lxc)
  .map(([key, facts]) => [key.replace(/N$/, '0'), facts] as const)
  .filter(([key, {hotplug}]) => hotplug !== 'refused' && !elsewhere.has(key));

const everything = [
  'VM.Allocate',
  'VM.Config.CPU',
  'VM.Config.Disk',
  'VM.Config.Memory',
  'VM.Config.Network',
  'VM.Config.Options',
  'Datastore.AllocateSpace',
  'Datastore.Audit',
  'SDN.Use',
  'Sys.Modify',
];

describe.runIf(present)('each key of a container', () => {
  it.each(keys)('%s comes into force when it is known to', (key, {hotplug}) => {
    const cluster = containerCluster({version: '9.1', running: true});
    const [value = ''] = keyValues[key] ?? [];
    const answer = call(cluster, 'PUT', '/lxc/200/config', {[key]: value}, 'root@pam');
    expect(answer.reason).toBe('OK');
    const waits = container(cluster).pending.has(key);
    expect(waits).toBe(hotplug === 'pending');
  });

  it.each(keys)('%s asks for what it is known to ask for', (key, {privilege, root_only}) => {
    const cluster = containerCluster({version: '9.1'});
    const needed = /VM\.[A-Za-z.]+[A-Za-z]/.exec(privilege)?.[0];
    const token = tokenWith(cluster, ...everything.filter((one) => one !== needed));
    const [value = ''] = keyValues[key] ?? [];
    const answer = call(cluster, 'PUT', '/lxc/200/config', {[key]: value}, token);
    expect(answer.status).toBe(403);
    if (root_only) expect(answer.reason).toContain('root@pam');
  });
});
