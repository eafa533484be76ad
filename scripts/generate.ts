// Why this exists: what can be derived is generated, never written twice. `npm run generate` writes
// every registered file; `test/drift.test.ts` fails when one differs from what its generator makes.
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {CONFIG_SCHEMA} from '../src/config/schema.ts';
import {kinds} from '../src/kinds/index.ts';
import {virtualMachine} from '../src/kinds/virtual-machine/index.ts';
import {CALLED, renderApi} from './generate-api.ts';
import {GRAFANA} from './generate-grafana.ts';
import {fieldRows, publishedSchema, renderGuestKeys} from './generate-kind-keys.ts';
import {renderSimulatorKeys} from './generate-sim-keys.ts';
import {
  canRender,
  type Generated,
  presentText,
  renderJson,
  replaceBlock,
  TOP,
} from './generated.ts';

const FACTS = '../shared/proxmox';

/** Every generated file. A generator is registered here and nowhere else. */
export const GENERATED: readonly Generated[] = [
  {
    path: 'src/simulator/schema/api-8.4.generated.json',
    needs: FACTS,
    render: () => renderApi('8.4'),
  },
  {
    path: 'src/simulator/schema/api-9.1.generated.json',
    needs: FACTS,
    render: () => renderApi('9.1'),
  },
  {
    path: 'src/pve/api/api-8.4.generated.json',
    needs: FACTS,
    render: () => renderApi('8.4', CALLED),
  },
  {
    path: 'src/pve/api/api-9.1.generated.json',
    needs: FACTS,
    render: () => renderApi('9.1', CALLED),
  },
  {
    path: 'src/simulator/qemu/keys.generated.json',
    needs: FACTS,
    render: renderSimulatorKeys,
  },
  {
    path: 'src/kinds/guest/keys.generated.ts',
    needs: FACTS,
    render: () => renderGuestKeys(TOP),
  },
  {
    path: 'src/kinds/virtual-machine/README.md',
    render: (present) => replaceBlock(present, 'fields', fieldRows(virtualMachine)),
  },
  ...kinds.map((kind) => ({
    path: `schemas/${kind.name}.json`,
    render: () => renderJson(publishedSchema(kind)),
  })),
  {
    path: 'schemas/config.json',
    render: () => renderJson(CONFIG_SCHEMA),
  },
  ...GRAFANA,
];

function main(): void {
  for (const generated of GENERATED) {
    if (!canRender(generated)) {
      console.log(`left alone: ${generated.path} (needs ${generated.needs})`);
      continue;
    }
    const present = presentText(generated.path);
    const text = generated.render(present);
    if (text === present) continue;
    mkdirSync(dirname(join(TOP, generated.path)), {recursive: true});
    writeFileSync(join(TOP, generated.path), text);
    console.log(`written: ${generated.path}`);
  }
}

if (import.meta.main) main();
