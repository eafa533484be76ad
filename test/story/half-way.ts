// Why this exists: a configuration write can fail in its middle for a reason that nobody could see
// beforehand. Here a machine that Proxmox refuses takes the place of the one that was sent.
import type {Exchange} from '../../src/core/ports.ts';
import {patched, type Spec} from './guest.ts';

const SENT = 'machine=q35%2Cviommu%3Dintel';
const ARRIVES = 'machine=pc%2Cviommu%3Dintel';

/** Writes of `failing` fail half way, once the first keys are written; all others arrive. */
export function halfWay(exchange: Exchange): Exchange {
  return {
    ...exchange,
    request: (request) =>
      exchange.request({...request, body: request.body?.replace(SENT, ARRIVES) ?? null}),
  };
}

/** A spec with a machine whose write fails half way. */
export function failing(spec: Spec): Spec {
  return patched(spec, {config: {machine: 'q35,viommu=intel'}});
}
