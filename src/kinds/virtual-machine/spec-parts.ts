// Why this exists: what the checks of a whole spec are given, and how they say what is wrong.
import type {JsonObject} from '../../core/json.ts';
import type {Body} from '../../core/model.ts';
import type {VmCode} from './codes.ts';
import type {Mistake} from './mistakes.ts';

/** What is checked as a whole. */
export interface SpecParts {
  readonly body: Body;
  readonly vmid: number;
  readonly creation: JsonObject;
}

/** Adds a mistake at the place of a field. */
export type Tell = (code: VmCode, field: string, mistake: Mistake) => void;
