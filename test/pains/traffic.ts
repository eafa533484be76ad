// Why this exists: what was really sent, with bodies, and what came back, is what several pains are
// about; here it is overheard.
import type {Exchange} from '../../src/core/ports.ts';

/** One request that left. */
export interface Sent {
  readonly method: string;
  /** Below `/api2/json`. */
  readonly path: string;
  /** The form, decoded. */
  readonly params: {readonly [key: string]: string};
  /** The status of the answer; null while there is none. */
  status: number | null;
}

/** Overhears an exchange. */
export function overhear(sent: Sent[]): (exchange: Exchange) => Exchange {
  return (exchange) => ({
    ...exchange,
    request: async (request) => {
      const path = request.path.replace('/api2/json', '');
      const params = Object.fromEntries(new URLSearchParams(request.body ?? ''));
      const one: Sent = {method: request.method, path, params, status: null};
      sent.push(one);
      const result = await exchange.request(request);
      one.status = result.ok ? result.value.status : null;
      return result;
    },
  });
}

/** Everything but reads, as `PUT /nodes/…`. */
export function writes(sent: readonly Sent[]): readonly string[] {
  return sent.filter(({method}) => method !== 'GET').map(({method, path}) => `${method} ${path}`);
}
