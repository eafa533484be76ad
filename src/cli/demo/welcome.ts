// Why this exists: what a newcomer can do next, with commands that can be copied as they stand.
import {basename, join} from 'node:path';
import type {Style} from '../print/style.ts';
import {OPERATOR, type Scene} from './scene.ts';

/** The text below the created guests; a test types its commands. */
export function welcome(scene: Scene, style: Style): string {
  const {repository, controller, server, command} = scene;
  const tree = repository.workTree;
  const file = join('clusters', 'harness', 'neo4j-db.yaml');
  const pvegit = join('..', basename(command));
  const page = `${server.url}/api2/json/nodes/pve1/qemu/160/config`;
  return `
${style.bold('Everything that the repository describes runs.')}

  status      ${style.accent(`${controller.url}/`)}
  metrics     ${style.accent(`${controller.url}/metrics`)}
  repository  ${tree}
  Proxmox     ${server.url}  ${style.dim('(simulated)')}

${style.bold('Try in another terminal')}
     cd ${tree}
     ${pvegit} status

1. Edit and commit: the guest follows.
     sed -i 's/tags: .*/tags: [database, graph]/' ${file}
     git commit -am 'neo4j-db is a graph database' && git push
     ${pvegit} why neo4j-db

2. Change something behind its back: drift is put right within seconds.
     curl -ks -X PUT -d tags=by-hand \\
       -H 'Authorization: PVEAPIToken=operator@pve!page=${OPERATOR}' \\
       ${page}
     ${pvegit} why plane-server

3. Ask for a deletion: it is held until you approve it, as plan says.
     sed -i 's/replicas: 2/replicas: 1/' clusters/harness/claude-dev.yaml
     git commit -am 'One development machine is enough' && git push
     ${pvegit} plan
     ${pvegit} apply --approve ${style.accent('FINGERPRINT')}

${style.dim('Ctrl-C stops everything and leaves nothing behind.')}`;
}
