// Why this exists: limits of a drive need and exclude each other (qemu-server's parse_drive), also
// those that Git declares and those that others set: Proxmox refuses the string as a whole, without
// saying why.
import type {Finding} from '../../core/action.ts';
import {driveParts} from './drive.ts';

const WAYS = ['', '_rd', '_wr'];

/** A limit, and the one without which Proxmox refuses it. */
const NEEDS: readonly (readonly [string, string])[] = WAYS.flatMap((way) => [
  [`mbps${way}_max`, `mbps${way}`],
  [`bps${way}_max_length`, `mbps${way}_max`],
  [`iops${way}_max_length`, `iops${way}_max`],
]);

/** A limit for both ways, and one for a single way. */
const EXCLUDES: readonly (readonly [string, string])[] = ['mbps', 'iops'].flatMap((all) => [
  [all, `${all}_rd`],
  [all, `${all}_wr`],
]);

/** What speaks against a drive string that is to be written. */
export function limitFindings(
  slot: string,
  text: string,
  fields: readonly string[],
): readonly Finding[] {
  const parts = driveParts(slot, text);
  const isSet = (name: string): boolean => Number(parts.get(name) ?? 0) !== 0;
  const told = (detail: string): Finding => {
    return {reason: 'waiting', detail: `${slot} would have ${detail}`, fields};
  };
  const lacks = NEEDS.filter(([name, needed]) => isSet(name) && !isSet(needed));
  const mixed = EXCLUDES.filter(([all, one]) => isSet(all) && isSet(one));
  return [
    ...lacks.map(([name, needed]) =>
      told(`${name} and no ${needed}, which Proxmox refuses; declare both or neither`),
    ),
    ...mixed.map(([all, one]) =>
      told(`${all} and ${one}, which Proxmox refuses; keep one of them, the other null`),
    ),
  ];
}
