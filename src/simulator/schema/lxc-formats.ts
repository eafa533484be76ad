// Why this exists: the formats of container keys: addresses with an interface, time zones, paths.
import {isIP} from 'node:net';

const zones = new Set(['host', 'UTC', ...Intl.supportedValuesOf('timeZone')]);

function addressProblem(value: string): string | undefined {
  const linkLocal = /^(fe80:[^%]+)%[a-z][a-z0-9_]{1,19}$/i.exec(value)?.[1];
  return isIP(linkLocal ?? value) > 0 ? undefined : 'value does not look like a valid IP address\n';
}

function mountProblem(value: string): string | undefined {
  const leaves = /\/\.\.?\//.test(value) || /\/\.\.?$/.test(value) || value.startsWith('../');
  return leaves ? `${value} contains illegal character sequences\n` : undefined;
}

function deviceProblem(value: string): string | undefined {
  const leaves = /\/\.\.?(?:\/|$)/.test(value);
  return leaves || !value.startsWith('/dev/') ? `${value} is not a valid device path\n` : undefined;
}

/** Checks by format name: what is wrong with a value, newline included, or undefined. */
export const lxcFormats: Readonly<Record<string, (value: string) => string | undefined>> = {
  'lxc-ip-with-ll-iface': addressProblem,
  'pve-ct-timezone': (value) => (zones.has(value) ? undefined : `invalid time zone '${value}'\n`),
  'pve-lxc-mp-string': mountProblem,
  'pve-lxc-dev-string': deviceProblem,
};
