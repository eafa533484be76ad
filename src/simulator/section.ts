// Why this exists: configuration that is only stored and listed (backup jobs, HA) shares one shape:
// sections of keys with raw text, numbers where the schema says so, and a digest over the file.
import {createHash} from 'node:crypto';
import {fail} from './failure.ts';
import type {ParamFacts} from './schema/api.ts';
import type {Cluster} from './state.ts';

/** One section: keys with raw text. */
export type Section = Map<string, string>;

/** The sections of a configuration file, by id; made when first asked for. */
export function sectionsOf(cluster: Cluster, file: string): Map<string, Section> {
  const known = cluster.sections.get(file);
  if (known !== undefined) {
    return known;
  }
  const fresh = new Map<string, Section>();
  cluster.sections.set(file, fresh);
  return fresh;
}

/** SHA-1 over the file's content. */
export function sectionDigest(cluster: Cluster, file: string): string {
  const lines = [...sectionsOf(cluster, file)].map(
    ([id, section]) => `${id}:${JSON.stringify([...section].sort())}`,
  );
  return createHash('sha1').update(lines.sort().join('\n')).digest('hex');
}

/** Refuse with 500 unless the digest is the file's; none or an empty one is not checked. */
export function requireDigest(cluster: Cluster, file: string, digest: string | undefined): void {
  if (digest !== undefined && digest !== '' && digest !== sectionDigest(cluster, file)) {
    fail(500, 'detected modified configuration - file changed by other user? Try again.');
  }
}

/** A section as the API shows it: numbers and booleans of the schema as numbers. */
export function shownSection(
  section: Section,
  factsOf: (key: string) => ParamFacts | undefined,
): Record<string, unknown> {
  const entries = [...section].map(([key, text]): [string, unknown] => {
    const type = factsOf(key)?.type;
    const isNumber = type === 'integer' || type === 'boolean' || type === 'number';
    return [key, isNumber ? Number(text) : text];
  });
  return Object.fromEntries(entries);
}
