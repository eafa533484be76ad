// Why this exists: disks, CD drives, the cloud-init drive, EFI and TPM state are changed in calls
// of their own, because a configuration write that fails half way leaves any part of its keys
// behind.

import type {Finding} from '../../core/action.ts';
import {assert} from '../../core/assert.ts';
import type {Body, FieldValue, Observed} from '../../core/model.ts';
import {configuredOf, type LiveConfig} from '../guest/live-config.ts';
import {composeKeys, type Edit} from './compose.ts';
import {importOf} from './creation.ts';
import {type FormerVolume, formerVolume} from './detached.ts';
import type {DeviceInput, DeviceSteps} from './device-calls.ts';
import {allocate, type GuestPlace, moveDisk, resize, writeConfig} from './drafts.ts';
import {cloudInitDrive, drivesOf, isDriveSlot, readDrive, volumeOwner} from './drive.ts';
import {limitFindings} from './drive-limits.ts';
import {effectOf} from './effect.ts';
import {fixedStateFinding} from './fixed-state.ts';
import {addResize} from './growth.ts';
import {isOutsideOrder, keepBootOrder, withFile} from './medium.ts';
import type {Draft} from './step-draft.ts';
import {attachedText, isOption, newDisk, newState, optionFields} from './volume.ts';

/** Adds the calls for one device. */
export function addDeviceSteps(
  steps: DeviceSteps,
  device: string,
  edits: readonly Edit[],
  input: DeviceInput,
): void {
  const slot = slotOf(device, edits, input.observed);
  const present = input.observed.body[device] === true;
  if (edits.some(({field, to}) => field === device && to === null)) {
    const draft = detach(steps, device, slot, input);
    (input.refused.includes(device) ? steps.cold : steps.detach).push(draft);
  } else if (!present) {
    addDevice(steps, device, slot, input);
  } else if (device === 'cloudInit.drive') {
    replaceCloudInit(steps, edits, input);
  } else {
    changeDevice(steps, device, slot, edits, input);
  }
}

/** The Proxmox key of a device. */
function slotOf(device: string, edits: readonly Edit[], observed: Observed): string {
  if (device === 'efi') return 'efidisk0';
  if (device === 'tpm') return 'tpmstate0';
  if (device !== 'cloudInit.drive') return device.slice(device.indexOf('.') + 1);
  const live = cloudInitDrive(configuredOf(observed));
  const wanted = edits.find(({field}) => field === 'cloudInit.drive.slot')?.to;
  return live?.slot ?? String(wanted ?? 'ide2');
}

/** The volume stays as `unusedN`; a CD medium and the cloud-init drive leave nothing behind. */
function detach(
  steps: DeviceSteps,
  device: string,
  slot: string,
  {guest, observed}: DeviceInput,
): Draft {
  const keeps = !device.startsWith('cdroms.') && device !== 'cloudInit.drive';
  return writeConfig(guest, {
    says: keeps ? `detach ${slot}, keep its volume` : `take ${slot} out`,
    remove: [slot],
    fields: [device, 'boot.order', ...(keeps ? [keep(steps, observed)] : [])],
    expect: {[device]: null},
  });
}

function addDevice(steps: DeviceSteps, device: string, slot: string, input: DeviceInput): void {
  const {guest, observed, desired} = input;
  const body = desired?.body ?? {};
  const finding = occupied(slot, observed);
  if (finding) {
    steps.findings.push({...finding, fields: [device]});
    return;
  }
  const about = {fields: [device, 'boot.order'], expect: expectDevice(device, body)};
  const imported = desired === null ? null : importOf(desired, slot);
  if (device.startsWith('cdroms.')) {
    const text = `${String(body[`${device}.file`] ?? 'none')},media=cdrom`;
    steps.findings.push(...emptyDrive(device, slot, input));
    steps.attach.push(
      writeConfig(guest, {says: `add CD drive ${slot}`, set: {[slot]: text}, ...about}),
    );
    if (isOutsideOrder(slot, body)) {
      steps.attach.push(...keepBootOrder(guest, slot, configuredOf(observed)));
    }
    return;
  }
  if (device === 'cloudInit.drive') {
    steps.attach.push(addCloudInit(guest, slot, body));
    return;
  }
  const former =
    imported === null ? formerVolume(device, body, input.record, configuredOf(observed)) : null;
  if (former !== null) {
    steps.attach.push(...attachFormer(former, device, slot, input));
    return;
  }
  const volume =
    device === 'efi' || device === 'tpm' ? newState(device, body) : newDisk(slot, body, imported);
  if (!volume.ok) {
    steps.findings.push({reason: 'waiting', detail: volume.because, fields: [device]});
    return;
  }
  if (isDriveSlot(slot)) steps.findings.push(...limitFindings(slot, volume.text, [device]));
  const file = body[`${device}.file`];
  if (typeof file === 'string') {
    steps.findings.push(...foreignVolume(file, slot, guest.vmid, configuredOf(observed)));
    const fields = [...about.fields, ...unusedOf(file, configuredOf(observed))];
    steps.attach.push(
      writeConfig(guest, {
        ...about,
        says: `attach ${file} as ${slot}`,
        set: {[slot]: volume.text},
        fields,
      }),
    );
    return;
  }
  const says = imported === null ? `allocate ${slot}` : `import ${imported} as ${slot}`;
  steps.attach.push(allocate(guest, slot, {...about, says, set: {[slot]: volume.text}}));
  const size = body[`${device}.size`];
  if (imported !== null && typeof size === 'number') {
    steps.attach.push(resize(guest, slot, `${device}.size`, size));
  }
}

/** Proxmox plugs no CD drive without a medium into a guest that runs. */
function emptyDrive(
  device: string,
  slot: string,
  {observed, desired}: DeviceInput,
): readonly Finding[] {
  const medium = desired?.body[`${device}.file`] ?? 'none';
  const effect = effectOf({field: device, from: undefined, to: true, observed});
  const isEmpty = medium === 'none' || medium === 'cdrom';
  if (!isEmpty || observed.power === 'stopped' || effect.kind !== 'now') return [];
  const why = 'and an empty drive is not plugged into a guest that runs';
  const detail = `${slot} has no medium, ${why}; name a file, or stop the guest first`;
  return [{reason: 'waiting', detail, fields: [device]}];
}

/** The slot is wanted again: its own volume comes back, and grows if more is wanted by now. */
function attachFormer(
  {file, growsTo}: FormerVolume,
  device: string,
  slot: string,
  {guest, observed, desired}: DeviceInput,
): readonly Draft[] {
  const body = desired?.body ?? {};
  const attach = writeConfig(guest, {
    says: `attach ${file} as ${slot} again`,
    set: {[slot]: attachedText(device, file, body)},
    fields: [device, 'boot.order', ...unusedOf(file, configuredOf(observed))],
    expect: expectDevice(device, body),
  });
  return growsTo === null ? [attach] : [attach, resize(guest, slot, `${device}.size`, growsTo)];
}

/** The call that makes the cloud-init drive. */
function addCloudInit(guest: GuestPlace, slot: string, body: Body): Draft {
  const storage = String(body['cloudInit.drive.storage'] ?? 'local');
  return allocate(guest, slot, {
    says: `make the cloud-init drive ${slot}`,
    set: {[slot]: `${storage}:cloudinit`},
    fields: ['cloudInit.drive', 'boot.order'],
    expect: {'cloudInit.drive': true, 'cloudInit.drive.slot': slot},
  });
}

/**
 * Only one cloud-init drive may exist, even within one call: out first, then in again. One that
 * leaves at the stop only is in the way until then.
 */
function replaceCloudInit(
  steps: DeviceSteps,
  edits: readonly Edit[],
  {guest, observed, desired}: DeviceInput,
): void {
  const live = cloudInitDrive(configuredOf(observed));
  assert(live, 'a cloud-init drive that is there has a slot');
  const wanted = edits.find(({field}) => field === 'cloudInit.drive.slot')?.to ?? live.slot;
  const field = 'cloudInit.drive';
  const finding = wanted === live.slot ? null : occupied(String(wanted), observed);
  if (finding !== null) {
    steps.findings.push({...finding, fields: [field]});
    return;
  }
  const leaves = effectOf({field, from: true, to: null, observed}).kind;
  const stays = observed.power !== 'stopped' && leaves === 'cycle';
  (stays ? steps.cold : steps.detach).push(
    writeConfig(guest, {
      says: `take the cloud-init drive ${live.slot} out`,
      remove: [live.slot],
      fields: ['cloudInit.drive', 'boot.order'],
      expect: {'cloudInit.drive': null},
    }),
  );
  const body = {...observed.body, ...desired?.body};
  (stays ? steps.cold : steps.attach).push(addCloudInit(guest, String(wanted), body));
}

function changeDevice(
  steps: DeviceSteps,
  device: string,
  slot: string,
  edits: readonly Edit[],
  input: DeviceInput,
): void {
  const {guest, observed} = input;
  const live = configuredOf(observed);
  const to = (leaf: string) => edits.find(({field}) => field === `${device}.${leaf}`)?.to;
  const options = edits.filter(({field}) => field !== device && isOption(field));
  const fixed = hostsOwn(slot, edits, live) ?? fixedStateFinding(slot, options, observed);
  if (fixed !== null) {
    steps.findings.push(fixed);
    return;
  }
  if (options.length > 0) {
    const {draft, findings} = rewrite(device, slot, options, input);
    steps.rewrite.push(draft);
    steps.findings.push(...findings);
  }
  const size = to('size');
  if (typeof size === 'number') addResize(steps, device, slot, size, options.length > 0, input);
  const storage = to('storage');
  const format = to('format');
  if (storage !== undefined || format !== undefined) {
    const target = storage ?? observed.body[`${device}.storage`];
    const list = input.refused.includes(`${device}.storage`) ? steps.cold : steps.move;
    list.push(
      moveDisk(
        guest,
        slot,
        {storage: String(target), ...(format ? {format: String(format)} : {})},
        {
          fields: [device, keep(steps, observed)],
          expect: {[`${device}.storage`]: String(target)},
        },
      ),
    );
  }
  const file = to('file');
  if (typeof file === 'string') {
    if (device.startsWith('disks.')) {
      steps.findings.push(...foreignVolume(file, slot, guest.vmid, live));
    }
    const list = input.refused.includes(`${device}.file`) ? steps.cold : steps.attach;
    list.push(...exchange(steps, device, slot, file, input));
  }
}

/** A disk of the host is root's: no token may write its string, and it neither grows nor moves. */
function hostsOwn(slot: string, edits: readonly Edit[], live: LiveConfig): Finding | null {
  const text = live.get(slot) ?? '';
  if (!isDriveSlot(slot) || !readDrive(slot, text).file.startsWith('/')) return null;
  const detail = `only root@pam may change ${slot}, which is ${text}`;
  return {reason: 'root-only', detail, fields: edits.map(({field}) => field)};
}

/** The live string with the declared sub-keys replaced. */
function rewrite(
  device: string,
  slot: string,
  options: readonly Edit[],
  {guest, observed, pending}: DeviceInput,
): {readonly draft: Draft; readonly findings: readonly Finding[]} {
  const live = configuredOf(observed);
  const marker = {installation: '', cluster: '', vmid: guest.vmid};
  const text = composeKeys(options, live, marker).get(slot);
  assert(typeof text === 'string', 'a drive that is there has a string');
  const fields = options.map(({field}) => field);
  const draft = writeConfig(guest, {
    says: `change ${slot}`,
    set: {[slot]: text},
    // Proxmox asks the storage for the size again, which may not stand in the string yet.
    fields: [...fields, `${device}.size`],
    expect: Object.fromEntries(options.map(({field, to}) => [field, to])),
    ...(pending ? {} : {inForce: fields}),
  });
  return {draft, findings: isDriveSlot(slot) ? limitFindings(slot, text, fields) : []};
}

/** Another medium, or another volume of this guest in the slot. */
function exchange(
  steps: DeviceSteps,
  device: string,
  slot: string,
  file: string,
  {guest, observed, pending}: DeviceInput,
): readonly Draft[] {
  const live = configuredOf(observed);
  const isDisk = device.startsWith('disks.');
  const moved = isDisk ? keep(steps, observed) : 'boot.order';
  const write = writeConfig(guest, {
    says: `put ${file} into ${slot}`,
    set: {[slot]: withFile(slot, file, live)},
    fields: [device, moved, ...unusedOf(file, live)],
    expect: {[`${device}.file`]: file},
    ...(pending ? {} : {inForce: [`${device}.file`]}),
  });
  return isDisk ? [write] : [write, ...keepBootOrder(guest, slot, live)];
}

function occupied(slot: string, observed: Observed): Finding | null {
  const text = configuredOf(observed).get(slot);
  if (text === undefined) return null;
  return {
    reason: 'in-use',
    detail: `${slot} already holds ${text.split(',')[0]}; take it out first`,
  };
}

/** Proxmox would accept another guest's volume, and one that is attached already. */
function foreignVolume(
  file: string,
  slot: string,
  vmid: number,
  live: LiveConfig,
): readonly Finding[] {
  const owner = volumeOwner(file);
  if (owner !== null && owner !== vmid) {
    return [{reason: 'not-ours', detail: `${file} belongs to guest ${owner}`}];
  }
  const other = drivesOf(live).find((drive) => drive.file === file && drive.slot !== slot);
  return other ? [{reason: 'in-use', detail: `${file} is attached as ${other.slot}`}] : [];
}

/** The lowest free `unusedN`, where a volume that leaves its slot may stand. */
function keep(steps: DeviceSteps, observed: Observed): string {
  const live = configuredOf(observed);
  const names = Array.from({length: 256}, (_, index) => `unused${index}`);
  const free = names.find((slot) => !live.has(slot) && !steps.kept.has(slot)) ?? 'unused255';
  steps.kept.add(free);
  return `unused.${free}`;
}

/**
 * The calls, each of those that set a volume free with every `unusedN` that one of them may take or
 * leave: which one it is depends on their order, and on what leaves at the stop only.
 */
export function withKeptSlots(steps: DeviceSteps): DeviceSteps {
  const {detach, move, attach, cold} = steps;
  const isUnused = (field: string): boolean => field.startsWith('unused.');
  const all = [detach, move, attach, cold].flat().flatMap(({fields}) => fields.filter(isUnused));
  const widened = (drafts: readonly Draft[]): Draft[] =>
    drafts.map((draft) => {
      if (!draft.fields.some(isUnused)) return draft;
      return {...draft, fields: [...new Set([...draft.fields, ...all])]};
    });
  const lists = {detach: widened(detach), move: widened(move), attach: widened(attach)};
  return {...steps, ...lists, cold: widened(cold)};
}

function unusedOf(file: string, live: LiveConfig): readonly string[] {
  return [...live]
    .filter(([key, text]) => key.startsWith('unused') && text.split(',')[0] === file)
    .map(([key]) => `unused.${key}`);
}

function expectDevice(device: string, body: Body): Body {
  const expect: {[path: string]: FieldValue} = {[device]: true};
  for (const path of optionFields(device, body)) expect[path] = body[path] ?? null;
  const file = body[`${device}.file`];
  if (file !== undefined) expect[`${device}.file`] = file;
  return expect;
}
