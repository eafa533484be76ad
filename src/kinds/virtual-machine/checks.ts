// Why this exists: what no single field shows: fields that exclude or need each other.
import type {JsonObject} from '../../core/json.ts';
import type {Body} from '../../core/model.ts';
import type {Mistakes} from './mistakes.ts';

/** What is checked as a whole. */
export interface SpecParts {
  readonly spec: {readonly [key: string]: unknown};
  readonly body: Body;
  readonly vmid: number;
  readonly creation: JsonObject;
}

/** Adds every mistake that several fields make together. */
export function checkSpec(_parts: SpecParts, _mistakes: Mistakes): void {}
