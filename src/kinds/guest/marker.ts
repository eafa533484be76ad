// Why this exists: whose a guest is stands in the last line of its description (safety.md 6). It
// is part of the creating call, stripped before the description is compared, and appended again
// to each write of it.
import type {Ownership} from '../../core/model.ts';

/** Whose a guest is said to be. */
export interface Marker {
  readonly installation: string;
  readonly cluster: string;
  readonly vmid: number;
}

/** What Proxmox takes as a description, in characters. */
const PROXMOX_LIMIT = 8192;

/** Room that a description leaves for the marker, of Proxmox's 8192 characters. */
export const DESCRIPTION_LIMIT = 7936;

const LINE = /^<!-- pvegit\/v1 (.*) -->$/;

/** The marker's line. */
export function formatMarker({installation, cluster, vmid}: Marker): string {
  return `<!-- pvegit/v1 installation=${installation} cluster=${cluster} vmid=${vmid} -->`;
}

/** A description for people, with the marker as its last line. */
export function withMarker(description: string, marker: Marker): string {
  const text = description.trimEnd();
  return text === '' ? formatMarker(marker) : `${text}\n${formatMarker(marker)}`;
}

/** What people wrote: without the marker, trailing white space and foreign line ends. */
export function withoutMarker(description: string): string {
  return split(description).text;
}

/** Whose the marker says the guest is; a copied one (clone, restore elsewhere) is foreign. */
export function ownershipOf(description: string, own: Marker): Ownership {
  const {marker} = split(description);
  if (marker === null) return {kind: 'unmarked'};
  return marker === formatMarker(own) ? {kind: 'ours'} : {kind: 'foreign', marker};
}

/** How many characters too long a marked description is for Proxmox; 0: it fits. */
export function excessOf(description: string): number {
  return Math.max(0, [...description].length - PROXMOX_LIMIT);
}

/** Whether people wrote what could be taken for a marker, in whichever line. */
export function holdsMarker(text: string): boolean {
  return /<!--\s*pvegit\/v/i.test(text);
}

/** Compares as Proxmox stores it: trailing white space goes, line ends are one character. */
export function plainDescription(description: string): string {
  const lines = description.split('\n');
  const last = lines.pop() ?? '';
  return [...lines.map(withoutReturns), last].join('\n').trimEnd();
}

/** By hand: a pattern that looks for the end of a line full of returns takes quadratic time. */
function withoutReturns(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
}

function split(description: string): {readonly text: string; readonly marker: string | null} {
  const text = plainDescription(description);
  const cut = text.lastIndexOf('\n');
  const last = text.slice(cut + 1).trim();
  if (!LINE.test(last)) return {text, marker: null};
  return {text: text.slice(0, Math.max(cut, 0)).trimEnd(), marker: last};
}
