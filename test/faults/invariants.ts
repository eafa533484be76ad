// Why this exists: what must hold after every step of every schedule, read from the simulator's
// effects as they come, and never from what the program believes.
import type {Cluster, Effect} from '../../src/simulator/state.ts';
import {USER} from '../crash/world.ts';

/** Watches one cluster. A class, because it remembers how far it has read. */
export class Watch {
  readonly violations: string[] = [];
  steps = 0;
  readonly #cluster: Cluster;
  readonly #untouchable = new Map<number, string>();
  readonly #consents = new Map<number, number>();
  readonly #alive = new Map<number, boolean>();
  #writing = new Map<string, number>();
  #read = 0;

  constructor(cluster: Cluster, strangers: readonly number[]) {
    this.#cluster = cluster;
    for (const vmid of strangers) this.forbid(vmid, 'a stranger');
  }

  /** From now on the controller may not write to this guest. */
  forbid(vmid: number, because: string): void {
    this.check();
    this.#untouchable.set(vmid, because);
  }

  /** The guest may be written to again. */
  permit(vmid: number): void {
    this.check();
    this.#untouchable.delete(vmid);
  }

  /** Somebody said yes to one destruction on this guest. */
  consent(vmid: number): void {
    this.#consents.set(vmid, (this.#consents.get(vmid) ?? 0) + 1);
  }

  /**
   * A write of the controller begins; another one on the same guest must not be under way. The
   * returned function says that it has its answer.
   */
  beginWrite(guest: string): () => void {
    const writing = this.#writing;
    const others = writing.get(guest) ?? 0;
    if (others > 0) this.violations.push(`two writes at once to ${guest}`);
    writing.set(guest, others + 1);
    return () => {
      writing.set(guest, (writing.get(guest) ?? 1) - 1);
    };
  }

  /** The process died: nobody waits for its calls any more, and the next one finds out first. */
  died(): void {
    this.#writing = new Map();
  }

  /** Whether a write of the controller, or a task of it, is under way on this guest. */
  isBusy(vmid: number): boolean {
    const running = [...this.#cluster.tasks.values()].some(
      (task) =>
        task.exitStatus === undefined && (task.id === String(vmid) || task.type === 'qmclone'),
    );
    return running || [...this.#writing.values()].some((count) => count > 0);
  }

  /** Reads the effects that are new and judges them. */
  check(): void {
    this.steps += 1;
    const {effects} = this.#cluster;
    for (; this.#read < effects.length; this.#read += 1) {
      const effect = effects[this.#read];
      if (effect !== undefined) this.#judge(effect);
    }
  }

  #judge(effect: Effect): void {
    const {what, vmid, user, detail} = effect;
    if (vmid === undefined) return;
    if (what === 'create' || what === 'destroy') {
      if (this.#alive.get(vmid) === (what === 'create')) this.#says(effect, 'happened twice');
      this.#alive.set(vmid, what === 'create');
    }
    if (user !== USER) return;
    const because = this.#untouchable.get(vmid);
    if (because !== undefined) this.#says(effect, `although ${because}`);
    if (what !== 'destroy' || detail.endsWith(' failed')) return;
    const left = this.#consents.get(vmid) ?? 0;
    if (left === 0) this.#says(effect, 'without consent');
    else this.#consents.set(vmid, left - 1);
  }

  #says({sequence, what, vmid, detail}: Effect, because: string): void {
    this.violations.push(`effect ${sequence}: ${what} ${vmid} ${detail}: ${because}`);
  }
}
