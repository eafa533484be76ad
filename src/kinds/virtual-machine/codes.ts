// Why this exists: every mistake that a VirtualMachine document can hold has a code and one
// sentence.
import type {CodeTable} from '../../core/diagnostic.ts';

/** Diagnostics of VirtualMachine documents. */
export const VM_CODES = {
  'vm-spec-missing': 'A virtual machine needs a spec.',
  'vm-vmid-missing': 'A virtual machine needs a VMID.',
  'vm-vmid-range': 'The VMID is outside of what Proxmox accepts.',
  'vm-value': 'The value is not of the right type.',
  'vm-quantity-unit': 'A size needs a unit.',
  'vm-duration-unit': 'A duration needs a unit.',
  'vm-out-of-range': 'The value is outside of what Proxmox accepts.',
  'vm-word': 'The value is none of the words that Proxmox knows.',
  'vm-pattern': 'The value does not have the form that Proxmox asks for.',
  'vm-separator': 'The value would be read as more than one.',
  'vm-name': 'Proxmox refuses this name.',
  'vm-not-absent': 'This field cannot be absent.',
  'vm-description-too-long': 'The description is too long.',
  'vm-description-marker': 'A marker is never written into a manifest.',
  'vm-tag': 'Proxmox refuses this tag.',
  'vm-memory-too-small': 'Proxmox gives a guest no less than 16MiB.',
  'vm-memory-not-whole': 'Memory comes in whole MiB.',
  'vm-balloon-over-memory': 'The least memory is more than the memory.',
  'vm-vcpus-over-cores': 'More processors are plugged in than there are.',
  'vm-slot-unknown': 'There is no such slot.',
  'vm-slot-twice': 'One slot is used for two things.',
  'vm-disk-size-not-whole': 'A disk size comes in whole KiB.',
  'vm-disk-size-zero': 'A disk needs a size above zero.',
  'vm-disk-file-and-storage': 'A disk is either an existing volume or a new one.',
  'vm-disk-import-storage': 'An imported disk needs a storage.',
  'vm-disk-limits-mixed': 'A common limit excludes separate ones.',
  'vm-disk-part-bus': 'This bus does not know that option.',
  'vm-foreign-volume': 'The volume belongs to another guest.',
  'vm-absolute-path': 'Only root@pam may use a path of the host.',
  'vm-cdrom-bus': 'A CD drive cannot be on that bus.',
  'vm-mac': 'This is no unicast MAC address.',
  'vm-bridge-missing': 'A network card needs a bridge.',
  'vm-model-missing': 'A network card needs a model.',
  'vm-address': 'This is no address with prefix.',
  'vm-gateway': 'This is no address.',
  'vm-gateway-without-address': 'A gateway needs a static address.',
  'vm-gateway-outside': 'The gateway is outside of the address’s network.',
  'vm-ip-config-without-card': 'The network card of these addresses is not declared.',
  'vm-cloud-init-drive': 'The cloud-init drive needs a slot and a storage.',
  'vm-ssh-key': 'This is no public key.',
  'vm-secret-literal': 'A secret is never written into a manifest.',
  'vm-boot-device': 'The boot order names a device that is to be absent.',
  'vm-boot-unknown': 'The boot order names what cannot be booted from.',
  'vm-nameserver': 'This is no address of a DNS server.',
  'vm-unused': 'An unused volume can only be deleted.',
  'vm-config-field': 'This key has a field of its own.',
  'vm-config-unknown': 'Proxmox knows no such configuration key.',
  'vm-config-refused': 'This key cannot be managed.',
  'vm-config-sub-key': 'This key has no such sub-key.',
  'vm-config-uuid': 'The UUID is the guest’s identity.',
  'vm-creation-two': 'A guest can come to exist in one way only.',
  'vm-clone-vmid': 'The guest to clone needs a VMID.',
  'vm-clone-self': 'A guest cannot be cloned from itself.',
  'vm-retain-self': 'A guest cannot keep its own disks when it goes.',
  'vm-clone-linked-storage': 'A linked clone stays on its template’s storage.',
  'vm-template-running': 'A template cannot run.',
  'root-only': 'Only root@pam may set this, never a token.',
} as const satisfies CodeTable;

/** Diagnostics that need the cluster, so that only a plan can make them. */
export const VM_PLAN_CODES = {
  'vm-release': 'This Proxmox does not know the field yet.',
  'vm-disk-left-behind': 'A disk that takes another slot begins empty.',
} as const satisfies CodeTable;

/** A code of the table of documents. */
export type VmCode = keyof typeof VM_CODES;
