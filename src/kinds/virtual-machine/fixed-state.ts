// Why this exists: what a volume of firmware or TPM state was made as cannot be changed by writing
// another word beside it; Proxmox refuses it for the TPM and lets the guest fail for EFI.
import type {Finding} from '../../core/action.ts';
import type {Observed} from '../../core/model.ts';
import type {Edit} from './compose.ts';

const FIXED: {readonly [field: string]: string} = {
  'tpm.version': 'v1.2',
  'efi.efitype': '2m',
  'efi.pre-enrolled-keys': 'false',
};

/** Why these edits of an EFI disk or a TPM cannot be carried out; null: they can. */
export function fixedStateFinding(
  slot: string,
  edits: readonly Edit[],
  observed: Observed,
): Finding | null {
  const edit = edits.find(({field}) => Object.hasOwn(FIXED, field));
  if (edit === undefined) return null;
  const live = String(observed.body[edit.field] ?? FIXED[edit.field]);
  const what = edit.field.slice(edit.field.indexOf('.') + 1);
  const detail = `${slot} holds state of ${what} ${live}, which cannot be changed afterwards`;
  return {reason: 'in-use', detail, fields: [edit.field]};
}
