// Why this exists: people name a resource as they see it (qemu/150, 150, neo4j-db); the engine
// knows cluster and key.
import type {ResourceKey} from '../core/model.ts';
import type {Journal} from '../core/ports.ts';
import {CommandError} from './io.ts';

/** A resource as the journal knows it. */
export interface NamedResource {
  readonly cluster: string;
  readonly key: ResourceKey;
  /** Null where the journal knows none: it was asked for by its VMID. */
  readonly name: string | null;
}

/**
 * Finds what is meant: `qemu/150`, `lxc/150`, `guest/150`, `150`, or a manifest's name. The cluster
 * must be given where there are several and the name does not tell.
 */
export function findResource(
  said: string,
  clusters: readonly string[],
  journal: Journal,
  cluster: string | undefined,
): NamedResource {
  const searched = cluster === undefined ? clusters : [knownCluster(cluster, clusters)];
  const vmid = /^(?:(?:qemu|lxc|guest)\/)?([1-9][0-9]{2,8})$/.exec(said)?.[1];
  const found = searched.flatMap((name) =>
    journal
      .records(name)
      .filter((record) => record.key === `guest/${vmid ?? ''}` || record.name === said)
      .map((record) => ({cluster: name, key: record.key, name: record.name})),
  );
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (second !== undefined) {
    const list = found.map((one) => `${one.key} of ${one.cluster}`).join(', ');
    throw new CommandError(`"${said}" is more than one resource: ${list}`, 'Add --cluster NAME.');
  }
  const [only, ...others] = searched;
  if (vmid !== undefined && only !== undefined && others.length === 0) {
    return {cluster: only, key: `guest/${vmid}`, name: null};
  }
  throw new CommandError(
    `no managed resource is called "${said}"`,
    'Name it as qemu/VMID, or by its metadata.name; pvegit plan --all lists what is managed.',
  );
}

/** The cluster that is meant, or a clear error. */
export function knownCluster(cluster: string | undefined, clusters: readonly string[]): string {
  if (cluster !== undefined && clusters.includes(cluster)) return cluster;
  const list = clusters.join(', ');
  if (cluster !== undefined) {
    throw new CommandError(`no cluster is called "${cluster}"`, `The configuration has: ${list}.`);
  }
  const [only, ...others] = clusters;
  if (only !== undefined && others.length === 0) return only;
  throw new CommandError('there are several clusters', `Add --cluster NAME: ${list}.`);
}
