// Why this exists: what the repository may bring at any moment: edits, mistakes, mass deletions,
// and histories that no program should follow.
import type {Random} from '../../src/simulator/random.ts';
import type {Event, Scene} from './scene.ts';
import {drawHouse, filesOfHouses, type House, pick, rebuilt, TAKEN, textOf} from './town.ts';

/** Commits the houses as they are now. */
export function commitHouses({story, houses}: Scene): string {
  return story.repository.commit(filesOfHouses(houses));
}

/** Some houses are changed, one is added or leaves. */
export const edit: Event = (scene, random) => {
  const {houses, nodes} = scene;
  const said: string[] = [];
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const house = pickHouse(scene, random);
    if (house !== null && random.below(6) > 0) {
      houses.set(house.vmid, rebuilt(random, house, nodes));
      said.push(`edits ${house.vmid}`);
    } else if (house !== null && random.below(2) === 0) {
      houses.delete(house.vmid);
      said.push(`removes ${house.vmid}`);
    } else {
      said.push(`adds ${addHouse(scene, random)}`);
    }
  }
  commitHouses(scene);
  return `a commit ${said.join(', ')}`;
};

/** Most houses leave at once. */
export const massDeletion: Event = (scene, random) => {
  const {houses} = scene;
  const kept = random.below(3);
  for (const vmid of [...houses.keys()].slice(kept)) houses.delete(vmid);
  commitHouses(scene);
  return `a commit that keeps only ${kept} guests`;
};

/** What left comes back. */
export const regret: Event = (scene, random) => {
  for (const vmid of scene.lots) {
    if (!scene.houses.has(vmid) && random.below(2) === 0) {
      scene.houses.set(vmid, drawHouse(random, vmid, scene.nodes));
    }
  }
  commitHouses(scene);
  return `a commit with ${scene.houses.size} guests`;
};

/** A commit with mistakes: nothing of it may lead to a deletion. */
export const badCommit: Event = (scene, random) => {
  const {story, houses} = scene;
  const good = filesOfHouses(houses);
  const [first] = [...houses.values()];
  const another = first === undefined ? {} : {'double.yaml': textOf({...first, vmid: 289})};
  const same = first === undefined ? {} : {'same.yaml': textOf({...first, name: 'twin'})};
  const emptied = Object.fromEntries(Object.keys(good).map((path) => [path, '']));
  const bad: readonly (readonly [string, {readonly [path: string]: string}])[] = [
    ['nothing', {}],
    ['only empty files', emptied],
    ['a broken file', {...good, [`${first?.vmid ?? 150}.yaml`]: 'kind: [\n'}],
    ['an alias bomb', {...good, 'bomb.yaml': BOMB}],
    ['a document that lacks all', {...good, 'poor.yaml': POOR}],
    ['two documents with one name', {...good, ...another}],
    ['two documents with one VMID', {...good, ...same}],
    ['a claim to a neighbour', {...good, 'theirs.yaml': claimOf(TAKEN)}],
    ['a claim to a container', {...good, 'theirs.yaml': claimOf(201)}],
    ['a claim out of scope', {...good, 'theirs.yaml': claimOf(100)}],
  ];
  const [what, files] = pick(random, bad);
  story.repository.commit(files);
  return `a commit with ${what}`;
};

/** The remote fails, goes back, is rewritten or gets well. */
export const sourceTrouble: Event = (scene, random) => {
  const {repository} = scene.story;
  switch (random.below(5)) {
    case 0:
      repository.failure = {kind: 'unreachable', message: 'no answer', remedy: 'wait'};
      return 'the source fails';
    case 1:
      repository.rewind();
      return 'the branch goes back';
    case 2:
      repository.rewrite({});
      return 'the repository is emptied and rewritten';
    case 3:
      repository.rewrite(filesOfHouses(new Map([...scene.houses].slice(0, 1))));
      return 'history is rewritten by an unrelated commit';
    default:
      repository.failure = null;
      return 'the source is well';
  }
};

function pickHouse({houses}: Scene, random: Random): House | null {
  const all = [...houses.values()];
  return all.length === 0 ? null : pick(random, all);
}

function addHouse(scene: Scene, random: Random): number {
  const {houses, lots, nodes} = scene;
  const free = lots.find((vmid) => !houses.has(vmid)) ?? 150 + lots.length;
  if (!lots.includes(free)) lots.push(free);
  houses.set(free, drawHouse(random, free, nodes));
  return free;
}

function claimOf(vmid: number): string {
  return textOf({
    vmid,
    name: 'claimed',
    node: 'pve1',
    from: 'empty',
    memoryGiB: 1,
    cores: 1,
    diskGiB: 4,
    second: false,
    power: 'running',
    protection: false,
    retain: false,
    needs: [],
  });
}

const POOR = 'apiVersion: pvegit/v1\nkind: VirtualMachine\nmetadata: {name: poor}\nspec: {}\n';

const BOMB = ['a: &a [x, x, x, x, x, x, x, x]']
  .concat(
    Array.from({length: 8}, (_, index) => {
      const [name, former] = ['bcdefghi'.charAt(index), 'abcdefgh'.charAt(index)];
      return `${name}: &${name} [${`*${former}, `.repeat(7)}*${former}]`;
    }),
  )
  .join('\n');
