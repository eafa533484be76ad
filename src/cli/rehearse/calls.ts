// Why this exists: every request that a repository can lead to, without making any: to create its
// guests, to bring each declared field about, and to delete what leaves. doctor asks for the
// privileges of these calls, validate --target for their form.
import type {Action, CallStep, Plan} from '../../core/action.ts';
import type {Manifests, ResourceKind} from '../../core/kind.ts';
import type {ApiCall, Inventory, SourceRange} from '../../core/model.ts';
import {runSteps} from '../../core/steps.ts';
import {beginPlan, makePlan} from '../../plan/make-plan.ts';
import {neededReads} from '../../plan/reads.ts';
import {absentScene, differingScene, type Scene, type SceneRequest} from './scene.ts';

/** A call that a plan could make, and for whom. */
export interface PossibleCall {
  readonly key: string;
  readonly name: string;
  /** What it is part of: create, update, delete. */
  readonly verb: Action['verb'];
  /** What it does, in words. */
  readonly says: string;
  readonly call: ApiCall;
  /** The document that asks for it. */
  readonly range: SourceRange | null;
  /** The state in which it would be made, for what a kind has to look up. */
  readonly inventory: Inventory;
}

/** Everything that a repository can lead to. */
export interface Rehearsal {
  readonly calls: readonly PossibleCall[];
  readonly reads: readonly PossibleCall[];
}

/** Plans manifests against made-up states and collects the calls. */
export function rehearse(
  request: Omit<SceneRequest, 'desired'> & {
    readonly manifests: Manifests;
    readonly kinds: readonly ResourceKind[];
  },
): Rehearsal {
  const {manifests} = request;
  const scenes = {...request, desired: manifests.desired};
  const differing = differingScene(scenes);
  const nothing: Manifests = {...manifests, desired: [], complete: true, documents: 1};
  const plans = [
    planned(request, manifests, absentScene(scenes)),
    planned(request, manifests, differing),
    planned(request, nothing, differing),
  ];
  return {calls: plans.flatMap(({calls}) => calls), reads: plans.flatMap(({reads}) => reads)};
}

/** The calls of a plan, in the state for which it was made. */
export function callsOf(plan: Plan, inventory: Inventory): readonly PossibleCall[] {
  return plan.actions.flatMap((action) =>
    action.steps.flatMap((step) =>
      step.kind === 'until' ? [] : [possible(action, step, inventory)],
    ),
  );
}

function planned(
  {kinds, installation, cluster}: Parameters<typeof rehearse>[0],
  manifests: Manifests,
  {inventory, records}: Scene,
): Rehearsal {
  const basis = {installation, cluster, kinds, manifests: [manifests], unread: [], records};
  const input = {...basis, inventory, secretHashes: {}};
  const calls = callsOf(makePlan(input), inventory);
  const looks = runSteps(beginPlan(input).looks(inventory));
  // Asked again with nothing read, a kind says everything that it reads.
  const listing = inventory.reads['/cluster/resources'];
  const bare = {...inventory, reads: listing === undefined ? {} : {[listing.path]: listing}};
  const wanted = neededReads({kinds, manifests: [manifests], records, inventory: bare});
  const reads = [...wanted, ...looks].map((call): PossibleCall => {
    const key = `guest/${/(?:\/qemu\/|\/lxc\/|[?&]vmid=)(\d+)/.exec(call.path)?.[1] ?? ''}`;
    const name = manifests.desired.find((one) => one.key === key)?.name ?? '';
    return {key, name, verb: 'none', says: `read ${call.path}`, call, range: null, inventory};
  });
  return {calls, reads};
}

function possible(
  {key, name, verb, range}: Action,
  {says, call}: CallStep,
  inventory: Inventory,
): PossibleCall {
  return {key, name, verb, says, call, range, inventory};
}
