// Why this exists: what a newcomer can do next, with commands that can be copied as they stand.
import {join} from 'node:path';
import {demoSecret} from '../../simulator/build.ts';
import type {Style} from '../print/style.ts';
import type {Scene} from './scene.ts';

/** The text below the created guests. */
export function welcome(scene: Scene, style: Style): string {
  const {repository, controller, server, configFile} = scene;
  const tree = repository.workTree;
  const file = join('clusters', 'harness', 'neo4j-db.yaml');
  const token = `pvegit@pve!controller=${demoSecret}`;
  const curl = `curl -ks -H 'Authorization: PVEAPIToken=${token}'`;
  const pvegit = `PVEGIT_DEMO_TOKEN='${token}' npx pvegit --config ${configFile}`;
  return `
${style.bold('Everything that the repository describes runs.')}

  status      ${style.accent(`${controller.url}/`)}
  metrics     ${style.accent(`${controller.url}/metrics`)}
  repository  ${tree}
  Proxmox     ${server.url}  ${style.dim('(simulated)')}

${style.bold('Try in another terminal')}

1. Edit and commit: the guest follows.
     cd ${tree}
     sed -i 's/tags: .*/tags: [database, graph]/' ${file}
     git commit -am 'neo4j-db is a graph database' && git push

2. Change something behind its back: drift is put right within seconds.
     ${curl} \\
       -X PUT ${server.url}/api2/json/nodes/pve1/qemu/160/config -d tags=by-hand

3. Ask for a deletion: it is held until you approve it.
     sed -i 's/replicas: 2/replicas: 1/' clusters/harness/claude-dev.yaml
     git commit -am 'One development machine is enough' && git push
     ${pvegit} plan
     ${pvegit} apply --approve FINGERPRINT

${style.dim('Ctrl-C stops everything and leaves nothing behind.')}`;
}
