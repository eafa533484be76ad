// Why this exists: what a version says of itself, asked by the cluster's and the nodes' endpoints.
import type {Cluster} from '../state.ts';

const versions = {
  '8.4': {release: '8.4', version: '8.4.21', repoid: '2606ac850d46da29'},
  '9.1': {release: '9.1', version: '9.1.4', repoid: '5ac30304265fbd8e'},
} as const;

/** What `/version` says. */
export function versionOf(cluster: Cluster): Readonly<Record<string, string>> {
  return versions[cluster.version];
}
