// Why this exists: what must hold after every step of every schedule, read from the simulator's
// effects and from the requests as they arrive, never from what the program believes.
import type {Policy} from '../../src/core/policy.ts';
import type {ExchangeRequest} from '../../src/core/ports.ts';
import type {Cluster, Effect} from '../../src/simulator/state.ts';
import {USER} from '../crash/world.ts';

/** What a watch asks of the story that it is set on. */
export interface Facts {
  readonly cluster: Cluster;
  /** The policy in force in every process; null while it is being changed. */
  readonly policy: () => Policy | null;
  /** Who leads by the journal's lease; null: nobody does. */
  readonly leader: () => string | null;
  /** Whether somebody has suspended this guest. */
  readonly isSuspended: (vmid: number) => boolean;
  /** Whether that process has said that there is no quorum, and does nothing to this guest. */
  readonly knowsNoQuorum: (holder: string, vmid: number) => boolean;
  /** Whether a commit that may still be carried out wants the guest stopped. */
  readonly isStopWanted: (vmid: number) => boolean;
  /** Whether the commit that this process follows wants the guest. */
  readonly isWanted: (holder: string, vmid: number) => boolean;
}

/** A person's yes to one action on a guest. */
export interface Consent {
  readonly destroys: boolean;
  stops: number;
  destructions: number;
}

/** Why a guest is forbidden whose marker is ours still. */
export const OTHER_WITNESS = 'its witness is another one';

type Class = 'benign' | 'disruptive' | 'destructive';

/** Watches one cluster. A class, because it remembers how far it has read. */
export class Watch {
  readonly violations: string[] = [];
  steps = 0;
  /** Requests other than GET. */
  writes = 0;
  /** Guests from which the controller took its marker, as `on-delete: retain` asks. */
  readonly released = new Set<number>();
  /** Guests that we stopped and that have not run since. */
  readonly stopped = new Map<number, string>();
  readonly #facts: Facts;
  readonly #untouchable = new Map<number, string>();
  readonly #consents = new Map<number, Consent[]>();
  readonly #alive = new Map<number, boolean>();
  readonly #attached = new Set<string>();
  readonly #lastRead = new Map<number, number>();
  #writing = new Map<string, number>();
  #read = 0;

  constructor(facts: Facts, strangers: readonly number[]) {
    this.#facts = facts;
    for (const vmid of strangers) this.forbid(vmid, 'it is nobody’s business');
  }

  /** From now on the controller may not write to this guest. */
  forbid(vmid: number, because: string): void {
    this.check();
    this.#untouchable.set(vmid, because);
  }

  /** The guest may be written to again: it is gone. What was said yes to is void. */
  permit(vmid: number): void {
    this.check();
    this.#untouchable.delete(vmid);
    this.#consents.delete(vmid);
    this.stopped.delete(vmid);
  }

  /** The journal forgot who the guests were: a marked one is who it is now. */
  forgot(): void {
    for (const [vmid, because] of this.#untouchable) {
      if (because === OTHER_WITNESS) this.#untouchable.delete(vmid);
    }
  }

  /** Why the controller may not write to this guest, if it may not. */
  forbidden(vmid: number): string | null {
    return this.#untouchable.get(vmid) ?? null;
  }

  /** Somebody said yes to one action on this guest. */
  consent(vmid: number, destroys: boolean): void {
    const consents = this.#consents.get(vmid) ?? [];
    consents.push({destroys, stops: 1, destructions: destroys ? 1 : 0});
    this.#consents.set(vmid, consents);
  }

  /** Guests that the controller has made and that still live. */
  made(): readonly number[] {
    return [...this.#alive].filter(([, alive]) => alive).map(([vmid]) => vmid);
  }

  /** Says that something is wrong. */
  says(text: string): void {
    this.violations.push(text);
  }

  /**
   * A request of a process arrives. The returned function says that it has its answer.
   */
  arrives({method, path, body}: ExchangeRequest, holder: string): () => void {
    const vmid = Number(/\/qemu\/(\d+)/.exec(path)?.[1] ?? Number.NaN);
    if (method === 'GET') {
      if (!Number.isNaN(vmid)) this.#lastRead.set(vmid, this.#facts.cluster.nowMs);
      return () => {};
    }
    this.writes += 1;
    const params = new URLSearchParams(body ?? '');
    const target = Number(params.get('newid') ?? params.get('vmid') ?? vmid);
    const what = `${method} ${path.slice('/api2/json'.length)} of ${holder}`;
    this.#mayLeave({what, method, path, params, vmid: target, holder});
    return this.#beginWrite(`${target} by ${holder}`);
  }

  /** The process died: nobody waits for its calls any more, and the next one finds out first. */
  died(): void {
    this.#writing = new Map();
  }

  /** Whether the controller is at this guest right now, so that a hand would meet it half-way. */
  isBusy(vmid: number): boolean {
    const {cluster} = this.#facts;
    const read = this.#lastRead.get(vmid) ?? 0;
    if (cluster.nowMs - read < 200) return true;
    return this.#runs(vmid) || [...this.#writing.values()].some((count) => count > 0);
  }

  /** Reads the effects that are new and judges them. */
  check(): void {
    this.steps += 1;
    const {effects} = this.#facts.cluster;
    if (this.#read < effects.length) this.#remember();
    for (; this.#read < effects.length; this.#read += 1) {
      const effect = effects[this.#read];
      if (effect !== undefined) this.#judge(effect);
    }
  }

  #runs(vmid: number): boolean {
    return [...this.#facts.cluster.tasks.values()].some(
      ({exitStatus, id, type}) =>
        exitStatus === undefined && (id === String(vmid) || type === 'qmclone'),
    );
  }

  #beginWrite(place: string): () => void {
    const writing = this.#writing;
    const others = writing.get(place) ?? 0;
    if (others > 0) this.says(`two writes at once to ${place}`);
    writing.set(place, others + 1);
    return () => {
      writing.set(place, (writing.get(place) ?? 1) - 1);
    };
  }

  #mayLeave(write: Write): void {
    const {what, vmid, holder} = write;
    const {leader, isSuspended, knowsNoQuorum, cluster} = this.#facts;
    const leads = leader();
    if (leads !== null && leads !== holder) this.says(`${what}: ${leads} leads`);
    const pays = this.#paysDebt(write);
    if (isSuspended(vmid) && !pays) this.says(`${what}: although it is suspended`);
    if (knowsNoQuorum(holder, vmid) && !pays) this.says(`${what}: although it saw no quorum`);
    this.#judgeClass(write, pays);
    const ours = this.#ownTask(vmid);
    if (ours !== null) this.says(`${what}: while our task ${ours} runs`);
    const isNew = write.params.has('newid') || /\/qemu$/.test(write.path);
    if (isNew && cluster.guests.has(vmid) && this.#alive.get(vmid) === true) {
      this.says(`${what}: it was made already`);
    }
  }

  /** A start of what we stopped, and a revert of what we left pending, are owed to the guest. */
  #paysDebt({path, vmid, params}: Write): boolean {
    if (path.endsWith('/status/start')) return this.stopped.has(vmid);
    return path.endsWith('/config') && [...params.keys()].every((key) => key === 'revert');
  }

  #judgeClass(write: Write, pays: boolean): void {
    const policy = this.#facts.policy();
    if (policy === null || pays) return;
    const {what, vmid, holder} = write;
    const risk = this.#classOf(write);
    const consents = this.#consents.get(vmid) ?? [];
    const destroys = consents.some((consent) => consent.destructions > 0);
    const mode = risk === 'destructive' ? policy.destructive.kind : policy[risk];
    if (risk === 'destructive') {
      const wanted = write.method === 'DELETE' && this.#facts.isWanted(holder, vmid);
      if (wanted) this.says(`${what}: although the followed commit wants it`);
      if (!destroys) this.says(`${what}: nobody said yes`);
    }
    // A deletion includes its shutdown; who said yes to it said yes to that.
    const asDeletion = destroys && policy.destructive.kind === 'approval';
    if (policy.windows.length > 0) this.says(`${what}: no window is open`);
    if (mode === 'observe' && !asDeletion) this.says(`${what}: ${risk} is only to be observed`);
    if (mode === 'observe' && risk === 'destructive') this.says(`${what}: destructive is observe`);
    if (mode === 'approval' && consents.length === 0) this.says(`${what}: ${risk} needs a yes`);
  }

  #classOf({method, path, params, vmid}: Write): Class {
    const config = this.#facts.cluster.guests.get(vmid)?.config;
    if (method === 'DELETE') return 'destructive';
    const gone = (params.get('delete') ?? '').split(',');
    const unprotects = params.get('protection') === '0' || gone.includes('protection');
    if (path.endsWith('/config') && unprotects && config?.get('protection') === '1') {
      return 'destructive';
    }
    if (gone.some((key) => key.startsWith('unused'))) return 'destructive';
    return /\/status\/(shutdown|stop|reboot|reset|suspend)$/.test(path) ? 'disruptive' : 'benign';
  }

  /** A task of the controller that works on this guest right now. */
  #ownTask(vmid: number): string | null {
    for (const {upid, exitStatus, id, type} of this.#facts.cluster.tasks.values()) {
      if (exitStatus !== undefined || !upid.includes(USER)) continue;
      if (id === String(vmid) && type !== 'qmclone') return type;
    }
    return null;
  }

  #judge(effect: Effect): void {
    const {what, vmid, user} = effect;
    if (vmid === undefined) return;
    if (what === 'create' || what === 'destroy') {
      if (this.#alive.get(vmid) === (what === 'create')) this.#tells(effect, 'happened twice');
      this.#alive.set(vmid, what === 'create');
    }
    if (what === 'start' || what === 'destroy') this.stopped.delete(vmid);
    if (what === 'create') this.released.delete(vmid);
    if (what === 'config' && user === USER) this.#judgeMarker(vmid);
    if (user !== USER) return;
    const because = this.#untouchable.get(vmid);
    if (because !== undefined) this.#tells(effect, `although ${because}`);
    if (what === 'stop') this.#judgeStop(effect, vmid);
    if (what === 'free') this.#judgeFree(effect, vmid);
    if (what === 'destroy') this.#judgeDestroy(effect, vmid);
  }

  #judgeMarker(vmid: number): void {
    const description = this.#facts.cluster.guests.get(vmid)?.config.get('description') ?? '';
    if (description.includes('pvegit/v1')) this.released.delete(vmid);
    else this.released.add(vmid);
  }

  #judgeStop(effect: Effect, vmid: number): void {
    if (!this.#facts.isStopWanted(vmid)) this.stopped.set(vmid, `effect ${effect.sequence}`);
    const needsYes = this.#facts.policy()?.disruptive === 'approval';
    const consent = this.#consents.get(vmid)?.find(({stops}) => stops > 0);
    if (consent !== undefined) consent.stops -= 1;
    else if (needsYes) this.#tells(effect, 'nobody said yes');
  }

  #judgeDestroy(effect: Effect, vmid: number): void {
    if (effect.detail.endsWith(' failed')) return;
    const consent = this.#consents.get(vmid)?.find(({destructions}) => destructions > 0);
    if (consent === undefined) this.#tells(effect, 'nobody said yes');
    // Whatever was said of this guest does not hold for the next with its VMID.
    this.#consents.delete(vmid);
  }

  /** A volume that no configuration ever named holds nothing; one that moved is on its new node. */
  #judgeFree(effect: Effect, vmid: number): void {
    const {detail} = effect;
    if (!this.#attached.has(detail)) return;
    const {volumes} = this.#facts.cluster;
    if ([...volumes.values()].some(({volid}) => volid === detail)) return;
    const consents = this.#consents.get(vmid) ?? [];
    if (!consents.some(({destroys}) => destroys)) this.#tells(effect, 'nobody said yes');
  }

  #remember(): void {
    for (const {config, kind} of this.#facts.cluster.guests.values()) {
      if (kind !== 'qemu' || config.get('lock') !== undefined) continue;
      for (const value of config.values()) {
        const volid = value.split(',')[0] ?? '';
        if (volid.includes(':')) this.#attached.add(volid);
      }
    }
  }

  #tells({sequence, what, vmid, detail}: Effect, because: string): void {
    this.says(`effect ${sequence}: ${what} ${vmid} ${detail}: ${because}`);
  }
}

interface Write {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly params: URLSearchParams;
  readonly vmid: number;
  readonly holder: string;
}
