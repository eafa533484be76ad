// Why this exists: the judgement of each field. The table is typed over every template of the field
// table, so that a field without a declared risk does not compile.
import type {FieldRule} from '../../core/kind.ts';
import {LEAF_CODECS, showPlain} from '../guest/leaf.ts';
import {configKeys, configSubKeys} from './config-key.ts';
import {placeOfField} from './field-path.ts';
import {FIELD_TABLE, type FieldTemplate, fieldEntries} from './field-table.ts';
import {
  AT_ONCE,
  AT_START,
  BY_HOTPLUG,
  CLOUD_INIT,
  DEVICE,
  type Judgement,
  LOSES_DATA,
  MIGRATION,
  POWER,
  PROTECTION,
} from './risk.ts';
import {sameField} from './same.ts';

/** The judgement of each field; what is missing here does not compile. */
const FIELD_RISKS = {
  name: AT_ONCE,
  node: MIGRATION,
  pool: AT_ONCE,
  power: POWER,
  tags: AT_ONCE,
  description: AT_ONCE,
  protection: PROTECTION,
  onboot: AT_ONCE,
  'startup.order': AT_ONCE,
  'startup.up': AT_ONCE,
  'startup.down': AT_ONCE,
  'agent.enabled': AT_START,
  'agent.type': AT_START,
  'agent.fstrim_cloned_disks': BY_HOTPLUG,
  'agent.freeze-fs': AT_START,
  'cpu.cores': AT_START,
  'cpu.sockets': AT_START,
  'cpu.vcpus': BY_HOTPLUG,
  'cpu.type': AT_START,
  'cpu.flags': AT_START,
  'cpu.hidden': AT_START,
  'cpu.hv-vendor-id': AT_START,
  'cpu.phys-bits': AT_START,
  'cpu.guest-phys-bits': AT_START,
  'cpu.level': AT_START,
  'cpu.limit': AT_ONCE,
  'cpu.units': AT_ONCE,
  'cpu.numa': AT_START,
  'cpu.affinity': AT_START,
  memory: BY_HOTPLUG,
  balloon: BY_HOTPLUG,
  shares: AT_ONCE,
  localtime: AT_START,
  'boot.order': AT_START,
  'disks.*': DEVICE,
  'disks.*.storage': BY_HOTPLUG,
  'disks.*.size': BY_HOTPLUG,
  'disks.*.format': BY_HOTPLUG,
  'disks.*.file': BY_HOTPLUG,
  'disks.*.discard': AT_START,
  'disks.*.ssd': AT_START,
  'disks.*.iothread': AT_START,
  'disks.*.cache': AT_START,
  'disks.*.aio': AT_START,
  'disks.*.backup': BY_HOTPLUG,
  'disks.*.replicate': BY_HOTPLUG,
  'disks.*.shared': BY_HOTPLUG,
  'disks.*.snapshot': BY_HOTPLUG,
  'disks.*.detect_zeroes': BY_HOTPLUG,
  'disks.*.serial': BY_HOTPLUG,
  'disks.*.wwn': BY_HOTPLUG,
  'disks.*.model': BY_HOTPLUG,
  'disks.*.product': AT_START,
  'disks.*.vendor': AT_START,
  'disks.*.rerror': BY_HOTPLUG,
  'disks.*.werror': BY_HOTPLUG,
  'disks.*.ro': AT_START,
  'disks.*.queues': AT_START,
  'disks.*.scsiblock': BY_HOTPLUG,
  'disks.*.mbps': BY_HOTPLUG,
  'disks.*.mbps_max': BY_HOTPLUG,
  'disks.*.mbps_rd': BY_HOTPLUG,
  'disks.*.mbps_rd_max': BY_HOTPLUG,
  'disks.*.mbps_wr': BY_HOTPLUG,
  'disks.*.mbps_wr_max': BY_HOTPLUG,
  'disks.*.iops': BY_HOTPLUG,
  'disks.*.iops_max': BY_HOTPLUG,
  'disks.*.iops_max_length': BY_HOTPLUG,
  'disks.*.iops_rd': BY_HOTPLUG,
  'disks.*.iops_rd_max': BY_HOTPLUG,
  'disks.*.iops_rd_max_length': BY_HOTPLUG,
  'disks.*.iops_wr': BY_HOTPLUG,
  'disks.*.iops_wr_max': BY_HOTPLUG,
  'disks.*.iops_wr_max_length': BY_HOTPLUG,
  'disks.*.bps_max_length': BY_HOTPLUG,
  'disks.*.bps_rd_max_length': BY_HOTPLUG,
  'disks.*.bps_wr_max_length': BY_HOTPLUG,
  'unused.*': LOSES_DATA,
  'cdroms.*': DEVICE,
  'cdroms.*.file': BY_HOTPLUG,
  'networks.*': DEVICE,
  'networks.*.model': BY_HOTPLUG,
  'networks.*.mac': BY_HOTPLUG,
  'networks.*.bridge': BY_HOTPLUG,
  'networks.*.tag': BY_HOTPLUG,
  'networks.*.trunks': BY_HOTPLUG,
  'networks.*.firewall': BY_HOTPLUG,
  'networks.*.link_down': BY_HOTPLUG,
  'networks.*.queues': BY_HOTPLUG,
  'networks.*.rate': BY_HOTPLUG,
  'networks.*.mtu': BY_HOTPLUG,
  'networks.*.host-tunnel': BY_HOTPLUG,
  'cloudInit.user': CLOUD_INIT,
  'cloudInit.password': CLOUD_INIT,
  'cloudInit.sshKeys': CLOUD_INIT,
  'cloudInit.nameserver': CLOUD_INIT,
  'cloudInit.searchdomain': CLOUD_INIT,
  'cloudInit.upgrade': CLOUD_INIT,
  'cloudInit.type': CLOUD_INIT,
  'cloudInit.custom.user': CLOUD_INIT,
  'cloudInit.custom.network': CLOUD_INIT,
  'cloudInit.custom.meta': CLOUD_INIT,
  'cloudInit.custom.vendor': CLOUD_INIT,
  'cloudInit.ipConfig.*.ip': CLOUD_INIT,
  'cloudInit.ipConfig.*.gw': CLOUD_INIT,
  'cloudInit.ipConfig.*.ip6': CLOUD_INIT,
  'cloudInit.ipConfig.*.gw6': CLOUD_INIT,
  'cloudInit.ipConfig.*': CLOUD_INIT,
  'cloudInit.drive': DEVICE,
  'cloudInit.drive.slot': DEVICE,
  'cloudInit.drive.storage': DEVICE,
  efi: DEVICE,
  'efi.storage': AT_START,
  'efi.efitype': AT_START,
  'efi.pre-enrolled-keys': AT_START,
  'efi.ms-cert': AT_START,
  tpm: DEVICE,
  'tpm.storage': AT_START,
  'tpm.version': AT_START,
  'config.*': BY_HOTPLUG,
  'config.*.*': BY_HOTPLUG,
} as const satisfies Readonly<Record<FieldTemplate, Judgement>>;

/**
 * The rules by template. Keys under `config:` have a rule each, because what is the same depends on
 * the key; the templates `config.*` and `config.*.*` stand for them in the documentation.
 */
export const FIELDS: {readonly [template: string]: FieldRule} = {
  ...Object.fromEntries(fieldEntries().map(([template]) => [template, rule(template, template)])),
  ...Object.fromEntries(
    configKeys().flatMap(([key, facts]) => [
      [`config.${key}`, rule('config.*', `config.${key}`)],
      ...configSubKeys(key, facts).map((sub) => {
        const path = `config.${key}.${sub}`;
        return [path, rule('config.*.*', path)];
      }),
    ]),
  ),
};

function rule(template: FieldTemplate, path: string): FieldRule {
  const judgement: Judgement = FIELD_RISKS[template];
  const place = placeOfField(path.replaceAll('*', 'x'));
  return {
    proxmox: proxmoxName(template),
    same: (live, wanted, observed) => sameField(place, live, wanted, observed),
    risk: judgement.risk,
    riskInWords: {running: judgement.running, stopped: judgement.stopped},
    show: (value) =>
      value === undefined || value === null
        ? showPlain(value)
        : LEAF_CODECS[place.type].show(value),
    ...(template === 'node' ? {informational: true} : {}),
    // A guest that is no longer told to run is left as it is, not stopped.
    ...(template === 'power' ? {unremovable: true} : {}),
  };
}

/** `cores`, `netN: tag`, for the documentation. */
function proxmoxName(template: FieldTemplate): string {
  const {key, sub, derived}: {key: string | null; sub?: string; derived?: string} =
    FIELD_TABLE[template];
  if (key === null) return '–';
  const name = key === 'drive' ? 'ideN, sataN, scsiN, virtioN' : key === 'config' ? 'the key' : key;
  const part = sub ?? derived;
  return part === undefined ? name : `${name}: ${part === '*' ? 'sub-key' : part}`;
}
