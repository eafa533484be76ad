// Why this exists: what must hold for every manifest is tried with many: edits in any mixture and
// order through the whole engine, against a cluster that also holds what is not ours.
import fc from 'fast-check';
import {expect, it} from 'vitest';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {STORY_EDITS} from './edit-table.ts';
import {
  commit,
  configOf,
  guestOf,
  manifest,
  NEO4J,
  openLines,
  patched,
  pendingOf,
  reasons,
  SECRET,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

/** Edits that go with each other: nothing that a later commit would have to shrink. */
const EDITS = STORY_EDITS.filter(({revertSays}) => !revertSays);
const edits = fc.subarray([...EDITS], {minLength: 1, maxLength: 6});
const power = fc.constantFrom('running', 'stopped');

/** A drive is there and protection on; then both are to change, or only the drive. */
const guardedExamples = ['running', 'stopped'].map((run): [string, (typeof EDITS)[]] => [
  run,
  [
    EDITS.filter(({title}) => /^(protection on|a CD drive is added)$/.test(title)),
    EDITS.filter(({title}) => title === 'a CD drive goes in the commit that sets protection'),
  ],
]);

it('after any mixture of edits the next plan is empty, or says what is guarded', async () => {
  await fc.assert(
    fc.asyncProperty(power, fc.array(edits, {minLength: 1, maxLength: 3}), async (run, commits) => {
      const story = begin(run);
      await settleAll(story);
      let former = mixed(run, []);
      for (const mixture of commits) {
        const spec = mixed(run, mixture);
        commit(story, manifest(spec));
        await settleAll(story);
        if (isGuarded(former, spec)) await takeTheRemedy(story, spec);
        await expectNothingOpen(story);
        expect(guestOf(story).runtime !== undefined).toBe(run === 'running');
        former = spec;
      }
    }),
    {numRuns: 25, examples: guardedExamples},
  );
});

async function expectNothingOpen(story: Story): Promise<void> {
  await story.clock.sleep(30_000);
  expect([await openLines(story), await reasons(story)]).toEqual([[], []]);
  expect(pendingOf(story)).toEqual({});
}

/** Proxmox takes no drive out of a guest whose protection is on and stays on. */
function isGuarded(former: Spec, spec: Spec): boolean {
  const isOn = former['protection'] === true && spec['protection'] === true;
  const left = new Set(drivesOf(spec));
  return isOn && drivesOf(former).some((drive) => !left.has(drive));
}

function drivesOf(spec: Spec): readonly string[] {
  return ['disks', 'cdroms', 'efi', 'tpm'].flatMap((part) => {
    const value = spec[part];
    if (!isMap(value)) return [];
    if (part === 'efi' || part === 'tpm') return [part];
    return Object.entries(value).flatMap(([name, drive]) => (drive === null ? [] : [name]));
  });
}

/** What is guarded is all that is said, and what the reason tells a person to do helps. */
async function takeTheRemedy(story: Story, spec: Spec): Promise<void> {
  await story.clock.sleep(30_000);
  const said = await reasons(story);
  expect(said).not.toEqual([]);
  for (const one of said) expect(one).toMatch(/^protected: .*first take protection off$/);
  commit(story, manifest({...spec, protection: false}));
  await settleAll(story);
  await expectNothingOpen(story);
  commit(story, manifest(spec));
  await settleAll(story);
}

it('a foreign guest is never touched, whatever Git says of ours', async () => {
  await fc.assert(
    fc.asyncProperty(power, edits, fc.boolean(), async (run, mixture, leaves) => {
      const story = begin(run);
      const foreign = [160, 161, 100].map((vmid) => JSON.stringify(snapshotOf(story, vmid)));
      await settleAll(story);
      commit(story, manifest(mixed(run, mixture)));
      // 160 is claimed under another guest's witness, 161 without one.
      story.files.set(
        'a.yaml',
        claim(160, {'pvegit/adopt': '11111111-2222-4333-8444-555555555555'}),
      );
      story.files.set('b.yaml', claim(161, {}));
      await settleAll(story);
      if (leaves) story.files.delete('vm.yaml');
      await settleAll(story);
      expect([160, 161, 100].map((vmid) => JSON.stringify(snapshotOf(story, vmid)))).toEqual(
        foreign,
      );
    }),
    {numRuns: 15},
  );
});

it('neither the order of files nor that of keys matters', async () => {
  await fc.assert(
    fc.asyncProperty(power, edits, fc.boolean(), async (run, mixture, reversed) => {
      const spec = mixed(run, mixture);
      const other = {vmid: 170, node: 'pve1', power: 'stopped', clone: {vmid: 100, full: true}};
      const files = [
        ['vm.yaml', manifest(spec)],
        ['other.yaml', manifest(other, {name: 'other'})],
        ['secrets.yaml', SECRET],
      ] as const;
      const one = createStory(demoCluster(), {files: Object.fromEntries(files)});
      const turned = reversed ? files.toReversed() : [files[1], files[0], files[2]];
      const again = turned.map(([path, text]): [string, string] => [
        path,
        path === 'vm.yaml' ? manifest(backwards(spec)) : text,
      ]);
      const two = createStory(demoCluster(), {files: Object.fromEntries(again)});
      for (const story of [one, two]) story.secrets.set('harness.password', 'correct-horse');
      const prints = await Promise.all([one, two].map(fingerprints));
      expect(prints[0]).toEqual(prints[1]);
      await settleAll(one);
      await settleAll(two);
      expect(keysOf(one)).toEqual(keysOf(two));
    }),
    {numRuns: 10},
  );
});

function begin(run: string): Story {
  const cluster = demoCluster();
  addGuest(cluster, 160, {
    config: {name: 'foreign', memory: '512', smbios1: 'uuid=99999999-2222-4333-8444-555555555555'},
    running: true,
  });
  addGuest(cluster, 161, {config: {name: 'unmarked', memory: '512', cores: '1'}});
  const files = {'vm.yaml': manifest(mixed(run, [])), 'secrets.yaml': SECRET};
  const story = createStory(cluster, {files});
  story.secrets.set('harness.password', 'correct-horse');
  return story;
}

function mixed(run: string, mixture: readonly {readonly patch: Spec}[]): Spec {
  return mixture.reduce((spec, {patch}) => patched(spec, patch), patched(NEO4J, {power: run}));
}

function claim(vmid: number, annotations: Spec): string {
  const spec = {vmid, node: 'pve1', power: 'running', memory: '4GiB', empty: {}};
  return manifest(spec, {name: `claim-${vmid}`, annotations});
}

function snapshotOf(story: Story, vmid: number): readonly unknown[] {
  const {config, pending, runtime, node} = guestOf(story, vmid);
  return [...config, ...pending, runtime?.startedAtMs, node];
}

async function fingerprints(story: Story): Promise<readonly string[]> {
  const {report} = await story.plan();
  return (report.plan?.actions ?? []).map(({fingerprint}) => fingerprint);
}

function backwards(spec: Spec): Spec {
  return Object.fromEntries(
    Object.entries(spec)
      .toReversed()
      .map(([key, value]) => [key, isMap(value) ? backwards(value) : value]),
  );
}

function isMap(value: unknown): value is Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Random parts (MAC, UUID, generation, password hash) differ from run to run. */
function keysOf(story: Story): {readonly [key: string]: string} {
  return Object.fromEntries(
    Object.entries(configOf(story))
      .filter(([key]) => !/^(smbios1|vmgenid|cipassword)$/.test(key))
      .map(([key, text]) => [key, text.replace(/BC:24:11(:[0-9A-F]{2}){3}/, 'MAC')]),
  );
}
