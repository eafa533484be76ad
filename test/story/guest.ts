// Why this exists: stories about one guest are told in the same few words: a manifest as text, what
// the simulator holds of it, and what a plan still wants.
import type {Action} from '../../src/core/action.ts';
import type {Json} from '../../src/core/json.ts';
import type {QemuGuest} from '../../src/simulator/state.ts';
import type {Story} from './world.ts';

/** A part of a spec; `GONE` takes a part of the former out. */
export type Spec = {readonly [key: string]: Json};

/** In a patch: the document does not name this part any more. */
export const GONE = '(gone)';

/** Everything that the stories edit is declared, so that a revert has something to go back to. */
export const NEO4J: Spec = {
  vmid: 150,
  node: 'pve1',
  clone: {vmid: 100, full: true},
  cpu: {cores: 2, type: 'host'},
  memory: '2GiB',
  agent: {enabled: true},
  boot: {order: ['scsi0']},
  disks: {scsi0: {storage: 'local-lvm', size: '8GiB', discard: true}},
  networks: {net0: {model: 'virtio', bridge: 'vmbr0'}},
  cloudInit: {ipConfig: {net0: {ip: 'dhcp'}}},
  config: {scsihw: 'virtio-scsi-single', vga: 'serial0'},
};

/** The secrets that stories refer to; their values are the story's own. */
export const SECRET = `apiVersion: pvegit/v1
kind: Secret
metadata: {name: harness}
spec:
  keys:
    password: {env: HARNESS_PASSWORD}
`;

/** A document without a guest: a folder that holds it is empty on purpose. */
export const DEFAULTS = JSON.stringify({
  apiVersion: 'pvegit/v1',
  kind: 'Defaults',
  metadata: {name: 'house'},
  spec: {VirtualMachine: {shares: 1000}},
});

/** A VirtualMachine document. JSON is YAML. */
export function manifest(
  spec: Spec,
  {name = 'neo4j-db', annotations = {}}: {name?: string; annotations?: Spec} = {},
): string {
  const metadata = {name, annotations};
  const document = {apiVersion: 'pvegit/v1', kind: 'VirtualMachine', metadata, spec};
  return `${JSON.stringify(document)}\n`;
}

/** A spec with parts replaced, added and (by `GONE`) taken out; maps merge, others are replaced. */
export function patched(spec: Spec, patch: Spec): Spec {
  const merged: {[key: string]: Json} = {...spec};
  for (const [key, value] of Object.entries(patch)) {
    const former = merged[key];
    if (value === GONE) delete merged[key];
    else merged[key] = isMap(value) ? patched(isMap(former) ? former : {}, value) : value;
  }
  return merged;
}

/** Commits one document as the only one besides a `Defaults` that keeps the folder from empty. */
export function commit(story: Story, text: string): void {
  story.files.set('vm.yaml', text);
}

/** The guest in the simulator; throws when it is not there. */
export function guestOf(story: Story, vmid = 150): QemuGuest {
  const guest = story.simulator.guests.get(vmid);
  if (guest?.kind !== 'qemu') throw new Error(`there is no virtual machine ${vmid}`);
  return guest;
}

/** Its configuration as it stands in the file, in force. */
export function configOf(story: Story, vmid = 150): {readonly [key: string]: string} {
  return Object.fromEntries([...guestOf(story, vmid).config].toSorted(byKey));
}

/** What waits for a stop and start: new values, and `(delete)`. */
export function pendingOf(story: Story, vmid = 150): {readonly [key: string]: string} {
  const {pending, pendingDelete} = guestOf(story, vmid);
  const gone = [...pendingDelete.keys()].map((key) => [key, '(delete)'] as const);
  return Object.fromEntries([...pending, ...gone].toSorted(byKey));
}

/** The volumes that carry a VMID, over all storages. */
export function volumesOf(story: Story, vmid = 150): readonly string[] {
  const all = [...story.simulator.volumes.values()];
  return all
    .filter((volume) => volume.vmid === vmid)
    .map(({volid}) => volid)
    .toSorted();
}

/** The actions of the next plan that do something, or say why they do not. */
export async function open(story: Story): Promise<readonly Action[]> {
  const {report} = await story.plan();
  const actions = report.plan?.actions ?? [];
  return actions.filter(({verb, findings}) => verb !== 'none' || findings.length > 0);
}

/** What is open, one line each: `update benign: cpu.cores`. */
export async function openLines(story: Story): Promise<readonly string[]> {
  return (await open(story)).map(lineOf);
}

/** One action as a line. */
export function lineOf({verb, risk, changes, findings}: Action): string {
  const fields = changes.map(({field}) => field).join(' ');
  const because = findings.map(({reason, detail}) => ` [${reason}: ${detail}]`).join('');
  return `${verb} ${risk}: ${fields}${because}`;
}

/** The reasons of the verdicts on what is open: `locked: …`. */
export async function reasons(story: Story): Promise<readonly string[]> {
  const {report} = await story.plan();
  return report.verdicts.flatMap((verdict) =>
    verdict.reasons.map(({reason, detail}) => `${reason}: ${detail}`),
  );
}

/** Settles, approving what is held for approval, and tells how each action ended. */
export async function settleAll(story: Story): Promise<readonly string[]> {
  const before = story.outcomes.length;
  await story.settle();
  await story.approveAll();
  return story.outcomes
    .slice(before)
    .map(({verb, result, because}) => (result === 'done' ? verb : `${verb} ${result}: ${because}`));
}

function isMap(value: Json | undefined): value is Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function byKey(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : 1;
}
