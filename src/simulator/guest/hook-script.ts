// Why this exists: a hook script of a guest of either kind must be a snippet that can be run, which
// none is that was only uploaded (check_hookscript of PVE::GuestHelpers).
import type {Cluster} from '../state.ts';
import {findVolume, parseVolid} from '../volume.ts';

/** What is wrong with a hook script on a node; undefined when it can be run. */
export function scriptProblem(cluster: Cluster, node: string, volid: string): string | undefined {
  const {storage = '', name = ''} = parseVolid(volid) ?? {};
  if (!cluster.storages.has(storage)) return `storage '${storage}' does not exist`;
  if (!name.startsWith('snippets/')) return `'${volid}' is not in the snippets directory`;
  const script = findVolume(cluster, node, volid);
  if (script === undefined) return `script '${volid}' does not exist`;
  return script.executable === true ? undefined : `script '${volid}' is not executable`;
}
