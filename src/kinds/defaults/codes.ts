// Why this exists: what Defaults must not say, since it would hold for several at once.
import type {CodeTable} from '../../core/diagnostic.ts';

/** Codes of the kind Defaults. */
export const DEFAULTS_CODES = {
  'defaults-identity': 'Defaults give several guests the same identity',
  'defaults-address': 'Defaults give several guests the same address',
  'defaults-mac': 'Defaults give several guests the same MAC address',
  'defaults-secret': 'Defaults hold a secret',
  'defaults-volume': 'Defaults give several guests the same volume',
} as const satisfies CodeTable;
