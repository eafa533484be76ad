// Why this exists: the recorded requests and answers of the real API, read from beside the project.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

/** One recorded request and answer. */
export interface Step {
  readonly n: number;
  /** With which credential, e.g. `token gitops@pve!ci`. */
  readonly as: string | null;
  readonly note: string | null;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly params: Readonly<Record<string, unknown>> | null;
    readonly rawBody?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly response: {
    readonly status: number;
    readonly reason: string;
    readonly connection?: string;
    readonly ms: number;
    readonly json?: unknown;
    readonly text?: string;
  };
}

/** One recorded scenario. */
export interface Scenario {
  /** `04`. */
  readonly number: string;
  /** `04-vm-config-update`. */
  readonly name: string;
  readonly steps: readonly Step[];
}

const folder = join(import.meta.dirname, '../../../shared/proxmox/recordings');

/** Whether the recordings are there; on a user's machine they are not. */
export function recordingsExist(): boolean {
  return existsSync(folder);
}

/** All scenarios with steps, in order. */
export function readScenarios(): readonly Scenario[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map(readScenario)
    .filter((scenario) => scenario.steps.length > 0);
}

function readScenario(file: string): Scenario {
  // Safe: the recordings' README describes this shape.
  const parsed = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
    readonly steps?: readonly Step[];
  };
  const steps = servedOrder((parsed.steps ?? []).map((step) => expand(step)));
  return {number: file.slice(0, 2), name: file.replace('.json', ''), steps};
}

/** Racing requests were recorded as their answers came; here the one that won is served first. */
function servedOrder(steps: readonly Step[]): readonly Step[] {
  const racing = (step: Step | undefined): boolean => /^racing /.test(step?.note ?? '');
  const lost = (step: Step): number => (step.response.status === 200 ? 0 : 1);
  const result: Step[] = [];
  for (let index = 0; index < steps.length; ) {
    let end = index + 1;
    while (racing(steps[index]) && racing(steps[end])) {
      end += 1;
    }
    result.push(...steps.slice(index, end).sort((left, right) => lost(left) - lost(right)));
    index = end;
  }
  return result;
}

/** Replace `{"$concat": [a, {"$repeat": [char, n]}, b]}` by the string it stands for. */
function expand<T>(value: T): T {
  // Safe: strings in place of their stand-ins keep every other part of the shape.
  return expandAny(value) as T;
}

function expandAny(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(expandAny);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value);
  const [first] = entries;
  if (first?.[0] === '$concat' && Array.isArray(first[1])) {
    return first[1].map((part) => String(expandAny(part))).join('');
  }
  if (first?.[0] === '$repeat' && Array.isArray(first[1])) {
    return String(first[1][0]).repeat(Number(first[1][1]));
  }
  return Object.fromEntries(entries.map(([key, one]) => [key, expandAny(one)]));
}
