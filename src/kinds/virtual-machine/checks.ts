// Why this exists: what no single field shows: fields that exclude or need each other, names that
// Proxmox refuses, and what a token can never set.
import type {Body} from '../../core/model.ts';
import {qemuKey} from '../guest/key-facts.ts';
import {DESCRIPTION_LIMIT, holdsMarker} from '../guest/marker.ts';
import {MEBIBYTE, showBytes} from '../guest/quantity.ts';
import {checkDevices} from './check-devices.ts';
import {checkNetwork} from './check-network.ts';
import {placeOfField} from './field-path.ts';
import {addMistake, type Mistakes, pointerOf} from './mistakes.ts';
import {quoted} from './quoted.ts';
import type {SpecParts, Tell} from './spec-parts.ts';

/** Adds every mistake that several fields make together. */
export function checkSpec(parts: SpecParts, mistakes: Mistakes): void {
  const tell: Tell = (code, field, mistake) => {
    addMistake(mistakes, code, pointerOfField(field), mistake);
  };
  checkTexts(parts.body, tell);
  checkProcessors(parts.body, tell);
  checkMemory(parts.body, tell);
  checkDevices(parts, tell);
  checkNetwork(parts, tell);
  checkRoot(parts.body, tell);
}

/** `/spec/config/vga` for every field of a packed key, since it may be written as one text. */
function pointerOfField(field: string): string {
  const parts = field.split('.');
  return field.startsWith('config.') ? pointerOf(...parts.slice(0, 2)) : pointerOf(...parts);
}

const LABEL = '[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?';
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
/** It stands in the path of every call (qemu-server, `pve-node`). */
const NODE = new RegExp(`^${LABEL}$`);
const TAG = /^[a-z0-9_][a-z0-9_\-+.]*$/i;

function checkTexts(body: Body, tell: Tell): void {
  const {name, node, description, tags} = body;
  if (typeof node === 'string' && !NODE.test(node)) {
    const detail = `node is ${quoted(node)}; expected the name of a node, such as pve1.`;
    tell('vm-value', 'node', {detail, remedy: 'Write letters, digits and hyphens only.'});
  }
  if (typeof name === 'string' && !NAME.test(name)) {
    const detail = `${quoted(name)} is no host name: letters, digits, hyphens and dots.`;
    tell('vm-name', 'name', {detail, remedy: 'Write such a name as spec.name, or null for none.'});
  }
  if (typeof description === 'string' && description.length > DESCRIPTION_LIMIT) {
    const limit = `${DESCRIPTION_LIMIT} leave room for the marker`;
    const detail = `It has ${description.length} characters; ${limit}.`;
    tell('vm-description-too-long', 'description', {detail, remedy: 'Shorten it.'});
  }
  if (typeof description === 'string' && holdsMarker(description)) {
    const detail = 'It holds "<!-- pvegit/v…", by which pvegit knows whose a guest is.';
    tell('vm-description-marker', 'description', {detail, remedy: 'Delete that line.'});
  }
  for (const tag of Array.isArray(tags) ? tags : []) {
    if (TAG.test(tag)) continue;
    const detail = `${quoted(tag)} may hold letters, digits and _ - + . only.`;
    tell('vm-tag', 'tags', {detail, remedy: 'Write another tag.'});
  }
}

function checkProcessors(body: Body, tell: Tell): void {
  const vcpus = body['cpu.vcpus'];
  const cores = body['cpu.cores'];
  const sockets = body['cpu.sockets'] ?? 1;
  if (typeof vcpus !== 'number' || typeof cores !== 'number' || typeof sockets !== 'number') return;
  if (vcpus <= cores * sockets) return;
  const detail = `cpu.vcpus is ${vcpus}, but cores × sockets is ${cores * sockets}.`;
  tell('vm-vcpus-over-cores', 'cpu.vcpus', {detail, remedy: 'Lower vcpus or raise cores.'});
}

function checkMemory(body: Body, tell: Tell): void {
  for (const field of ['memory', 'balloon']) {
    const bytes = body[field];
    if (typeof bytes !== 'number' || bytes % MEBIBYTE === 0) continue;
    const detail = `${field} is ${showBytes(bytes)}.`;
    tell('vm-memory-not-whole', field, {detail, remedy: 'Write whole MiB.'});
  }
  const {memory, balloon} = body;
  if (typeof memory === 'number' && typeof balloon === 'number' && balloon > memory) {
    const detail = `balloon is ${showBytes(balloon)}, memory ${showBytes(memory)}.`;
    tell('vm-balloon-over-memory', 'balloon', {detail, remedy: 'Lower balloon.'});
  }
}

const ALTERNATIVES: {readonly [key: string]: string} = {
  affinity: 'cpu.limit or cpu.units',
  args: 'a field for what the arguments do',
  hookscript: 'a Component with a playbook',
  hugepages: 'memory and cpu.numa',
  arch: 'a node of that architecture',
};

/** Keys that Proxmox gives to root@pam alone, whatever a token may do. */
function checkRoot(body: Body, tell: Tell): void {
  const told = new Set<string>();
  for (const [field, value] of Object.entries(body)) {
    const {key} = placeOfField(field);
    if (key === null || value === null || told.has(key)) continue;
    const because = rootReason(field, key, String(value));
    if (because === null) continue;
    told.add(key);
    const alternative = ALTERNATIVES[key] ?? MAPPED;
    const remedy = `Use ${alternative}, or let root@pam set it and leave it out here.`;
    tell('root-only', field, {detail: because, remedy});
  }
}

const MAPPED = 'a resource mapping (mapping=…) where there is one';

function rootReason(field: string, key: string, value: string): string | null {
  const known = qemuKey(key);
  if (known?.facts.rootOnly === true) return `Proxmox refuses ${key} for every token.`;
  if (/^config\.hostpci\d+\.(host|romfile)$/.test(field)) {
    return `Proxmox refuses a host device by its address (${key}) for every token.`;
  }
  if (/^config\.usb\d+\.host$/.test(field) && !/^spice$/i.test(value)) {
    return `Proxmox refuses a host's USB device (${key}) for every token.`;
  }
  if (/^config\.serial\d+$/.test(field) && value !== 'socket') {
    return `Proxmox refuses a host's serial port (${key}) for every token.`;
  }
  return null;
}
