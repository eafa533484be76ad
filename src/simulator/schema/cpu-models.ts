// Why this exists: which CPU types and flags a guest may name (PVE/QemuServer/CPUConfig.pm), so
// that `cpu` is refused with the real texts.
import type {Version} from '../state.ts';

const words = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => line.split(' '));

const models = words([
  '486 pentium pentium2 pentium3 coreduo core2duo Conroe Penryn Nehalem Nehalem-IBRS Westmere',
  'Westmere-IBRS SandyBridge SandyBridge-IBRS IvyBridge IvyBridge-IBRS Haswell Haswell-IBRS',
  'Haswell-noTSX Haswell-noTSX-IBRS Broadwell Broadwell-IBRS Broadwell-noTSX',
  'Broadwell-noTSX-IBRS Skylake-Client Skylake-Client-IBRS Skylake-Client-noTSX-IBRS',
  'Skylake-Client-v4 Skylake-Server Skylake-Server-IBRS Skylake-Server-noTSX-IBRS',
  'Skylake-Server-v4 Skylake-Server-v5 Cascadelake-Server Cascadelake-Server-v2',
  'Cascadelake-Server-noTSX Cascadelake-Server-v4 Cascadelake-Server-v5 Cooperlake',
  'Cooperlake-v2 KnightsMill Icelake-Client Icelake-Client-noTSX Icelake-Server',
  'Icelake-Server-noTSX Icelake-Server-v3 Icelake-Server-v4 Icelake-Server-v5',
  'Icelake-Server-v6 SapphireRapids SapphireRapids-v2 GraniteRapids athlon phenom Opteron_G1',
  'Opteron_G2 Opteron_G3 Opteron_G4 Opteron_G5 EPYC EPYC-IBPB EPYC-v3 EPYC-v4 EPYC-Rome',
  'EPYC-Rome-v2 EPYC-Rome-v3 EPYC-Rome-v4 EPYC-Milan EPYC-Milan-v2 EPYC-Genoa host kvm32 kvm64',
  'qemu32 qemu64 max x86-64-v2 x86-64-v2-AES x86-64-v3 x86-64-v4',
]);

const newer = words([
  'Icelake-Server-v7 SapphireRapids-v3 SapphireRapids-v4 GraniteRapids-v2 GraniteRapids-v3',
  'SierraForest SierraForest-v2 SierraForest-v3 ClearwaterForest EPYC-v5 EPYC-Rome-v5',
  'EPYC-Milan-v3 EPYC-Genoa-v2 EPYC-Turin',
]);

const flags = words([
  'pcid spec-ctrl ibpb ssbd virt-ssbd amd-ssbd amd-no-ssb pdpe1gb md-clear hv-tlbflush',
  'hv-evmcs aes',
]);

const known: Readonly<Record<Version, ReadonlySet<string>>> = {
  '8.4': new Set(models),
  '9.1': new Set([...models, ...newer]),
};

/** What is wrong with the parsed sub-keys of `cpu`; custom models do not exist here. */
export function cpuProblem(
  values: Readonly<Record<string, string>>,
  version: Version,
): string | undefined {
  const {cputype = '', flags: asked} = values;
  if (cputype === '' || cputype === '0') return 'CPU is missing cputype\n';
  if (cputype.startsWith('custom-')) {
    return `Custom cputype '${cputype.slice('custom-'.length)}' not found\n`;
  }
  if (!known[version].has(cputype)) {
    return `Built-in cputype '${cputype}' is not defined (missing 'custom-' prefix?)\n`;
  }
  const allowed = version === '8.4' ? flags : [...flags, 'nested-virt'];
  const isAllowed = (flag: string): boolean =>
    /^[+-]/.test(flag) && allowed.includes(flag.slice(1));
  if (asked !== undefined && !asked.split(';').every(isAllowed)) {
    return `VM-specific CPU flags must be a subset of: ${allowed.join(', ')}\n`;
  }
  return values['reported-model'] === undefined
    ? undefined
    : "Property 'reported-model' not allowed in VM-specific CPU config.\n";
}
