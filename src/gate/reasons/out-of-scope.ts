// Why this exists: one team's repository must not touch another team's guests.
import type {Action} from '../../core/action.ts';
import type {Claim} from '../../core/model.ts';
import type {Scope} from '../../core/policy.ts';
import type {ReasonRule} from '../judged.ts';

/** Refuses what the source may not touch. */
export const outOfScope: ReasonRule = {
  reason: 'out-of-scope',
  applies: ({action, input}) => outsideScope(action, input.scopes),
  remedy: (action) =>
    `Change the manifest, or the scope of ${action.source} in the controller's configuration.`,
};

/** What of an action its source may not touch, under these scopes; null: it may touch all. */
export function outsideScope(
  action: Action,
  scopes: {readonly [source: string]: Scope},
): string | null {
  const scope = Object.hasOwn(scopes, action.source) ? scopes[action.source] : null;
  if (!scope) return `the source ${action.source} has no scope`;
  const {vmid, node, kind} = action;
  const outside = [
    ...(inVmids(scope, vmid) ? [] : [`VMID ${vmid}`]),
    ...(node === null || allows(scope.nodes, node) ? [] : [`node ${node}`]),
    ...(allows(scope.kinds, kind) ? [] : [`kind ${kind}`]),
    ...action.claims.flatMap((claim) => outsideOf(scope, claim)),
  ];
  return outside.length === 0 ? null : `${[...new Set(outside)].join(', ')} of ${action.source}`;
}

function inVmids(scope: Scope, vmid: number | null): boolean {
  return vmid === null || scope.vmids.some(({from, to}) => vmid >= from && vmid <= to);
}

function allows(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

/** What a claim names outside of the scope; names, addresses and MACs are not scoped. */
function outsideOf(scope: Scope, {space, value}: Claim): readonly string[] {
  switch (space) {
    case 'vmid':
      return inVmids(scope, Number(value)) ? [] : [`VMID ${value}`];
    case 'node':
      return allows(scope.nodes, value) ? [] : [`node ${value}`];
    case 'storage':
      return allows(scope.storages, value) ? [] : [`storage ${value}`];
    case 'bridge':
      return allows(scope.bridges, value) ? [] : [`bridge ${value}`];
    case 'pool':
      return allows(scope.pools, value) ? [] : [`pool ${value}`];
    case 'device':
      return scope.devices ? [] : [`host device ${value}`];
    case 'name':
    case 'address':
    case 'mac':
    case 'volume':
      return [];
  }
}
