// Why this exists: ids that both sides invent (UPIDs, digests, MACs, UUIDs, backup names) are
// twins: what the recording calls X, the simulator calls Y, and once paired they stay paired.

/** What is invented and therefore paired instead of compared. */
const invented = [
  /UPID:[^\s"':]+:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:[^:\s]*:[^:\s]*:[^:\s"']+:/g,
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g,
  /\b[0-9a-f]{40}\b/g,
  /\b[0-9a-f]{64}\b/g,
  /\b[0-9a-f]{32}\b/g,
  /\bBC:24:11(?::[0-9A-F]{2}){3}\b/g,
  /\bbc:24:11(?::[0-9a-f]{2}){3}\b/g,
  /\bfe80::[0-9a-f:]+\b/g,
  /\bvzdump-(?:qemu|lxc)-\d+-\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d/g,
] as const;

/** Texts that carry a time or a process id and mean nothing else. */
const timed: readonly (readonly [RegExp, string])[] = [
  [/ctime=\d+/g, 'ctime=<time>'],
  [/\bpid \d+/g, 'pid <pid>'],
  [/vzdumptmp\d+/g, 'vzdumptmp<pid>'],
  [/\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, '<date>'],
  [/in \d+s, read: [^,]+, write: .*/g, 'in <duration>'],
  [/in \d+ seconds \([^)]*\)/g, 'in <duration>'],
  [/\(\d\d:\d\d:\d\d\)/g, '(<duration>)'],
  [/, \d+[KMG]iB\/s\)/g, ', <rate>)'],
  [/process \d+/g, 'process <pid>'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<date>'],
  [/\$5\$[^$]+\$[\w./]+/g, '<hash>'],
];

/** Pairs of recorded and simulated ids. */
export class Twins {
  readonly #ours = new Map<string, string>();
  readonly #theirs = new Map<string, string>();
  readonly #typed = new Set<string>();

  /** A recorded request's text with the recorded ids replaced by ours. */
  translate(text: string): string {
    return this.#replace(text, (id) => {
      const twin = this.#ours.get(id);
      if (twin === undefined) {
        this.#typed.add(id);
      }
      return twin ?? id;
    });
  }

  /** A text with every invented id masked by its sort; typed ids stay as they are. */
  mask(text: string): string {
    const masked = this.#replace(text, (id, sort) => (this.#typed.has(id) ? id : `<id${sort}>`));
    return timed.reduce((value, [pattern, by]) => value.replace(pattern, by), masked);
  }

  /** Pair the ids of two texts that are equal when masked; false when they contradict. */
  pair(recorded: string, simulated: string): boolean {
    const theirs = this.#ids(recorded);
    const ours = this.#ids(simulated);
    return theirs.every((id, index) => {
      const own = ours[index];
      return own === undefined || this.#pairOne(id, own);
    });
  }

  #pairOne(theirs: string, ours: string): boolean {
    if (this.#typed.has(theirs)) {
      return true;
    }
    const knownOurs = this.#ours.get(theirs);
    const knownTheirs = this.#theirs.get(ours);
    if (knownOurs === undefined && knownTheirs === undefined) {
      this.#ours.set(theirs, ours);
      this.#theirs.set(ours, theirs);
      return true;
    }
    return knownOurs === ours;
  }

  #ids(text: string): readonly string[] {
    const found: {readonly at: number; readonly id: string}[] = [];
    for (const pattern of invented) {
      for (const match of text.matchAll(pattern)) {
        found.push({at: match.index, id: match[0]});
      }
    }
    return found.sort((left, right) => left.at - right.at).map(({id}) => id);
  }

  #replace(text: string, by: (id: string, sort: number) => string): string {
    return invented.reduce<string>(
      (value, pattern, sort) => value.replace(pattern, (id) => by(id, sort)),
      text,
    );
  }
}
