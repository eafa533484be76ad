// Why this exists: what the driver asks its processes, and what they answer, in one place.

/** What the simulator's process answers. */
export interface SimulatorAnswers {
  readonly start: {readonly url: string; readonly fingerprint: string};
  /** Paths of the GETs since it was last asked. */
  readonly reads: readonly string[];
  /** When the first write since it was last asked arrived, ms since the epoch; 0: none did. */
  readonly firstWriteAt: number;
}

/** How long the event loop was held up at most. */
export interface Blocks {
  /** By the clock: on a busy machine also by other programs. */
  readonly wallMs: number;
  /** By the controller's own work. */
  readonly cpuMs: number;
}

/** One pass of the controller. */
export interface Passed {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly blocks: Blocks;
  readonly rssMib: number;
  readonly requests: number;
  /** Resources by state. */
  readonly states: {readonly [state: string]: number};
  readonly stages: {readonly [stage: string]: number};
  /** When the pass ended, ms since the epoch. */
  readonly endedAt: number;
  readonly problems: readonly string[];
}

/** What the controller's process answers. */
export interface ControllerAnswers {
  /** The first pass: wall time is from the process's start, CPU all that it used. */
  readonly start: Passed;
  readonly pass: Passed;
  /** Where it serves; from now on its event loop is watched. */
  readonly watch: string;
  readonly watched: Blocks;
  readonly stop: null;
}

/** What the bare loop's process answers. */
export interface BareAnswers {
  readonly loop: {readonly wallMs: number; readonly bytes: number};
}
