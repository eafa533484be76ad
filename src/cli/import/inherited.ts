// Why this exists: Defaults of the folder also hold for an imported guest. What they would say of
// it is asked of the manifest room itself, by a manifest that says nothing of its own.
import type {Body, RepositoryFile, Revision} from '../../core/model.ts';
import {kinds} from '../../kinds/index.ts';
import {readManifests} from '../../manifest/read.ts';

/** Files that are there, as a revision of a source. */
export function revisionOfFiles(source: string, files: readonly RepositoryFile[]): Revision {
  return {
    source,
    commit: 'import',
    branch: null,
    author: null,
    subject: null,
    committedAt: null,
    signature: {kind: 'unchecked'},
    ancestry: 'first',
    files,
    skipped: [],
  };
}

/** A text as a file of a revision. */
export function fileOfText(path: string, text: string): RepositoryFile {
  return {path, blob: `import:${path}`, bytes: new TextEncoder().encode(text)};
}

/** What Defaults among the files say of a guest in each of these folders. */
export function inheritedBodies(
  files: readonly RepositoryFile[],
  folders: Iterable<string>,
): ReadonlyMap<string, Body> {
  const asked = [...new Set(folders)].map((folder, index) => ({folder, vmid: LAST_VMID - index}));
  const probes = asked.map(({folder, vmid}) =>
    fileOfText(`${folder === '' ? '' : `${folder}/`}${PROBE}-${vmid}.yaml`, probe(vmid)),
  );
  const revision = revisionOfFiles('import', [...files, ...probes]);
  const {desired} = readManifests({revision, kinds});
  return new Map(
    asked.map(({folder, vmid}) => {
      const body = desired.find(({key}) => key === `guest/${vmid}`)?.body ?? {};
      return [folder, body] as const;
    }),
  );
}

const LAST_VMID = 999_999_999;
const PROBE = 'pvegit-import-probe';

function probe(vmid: number): string {
  const metadata = {name: `${PROBE}-${vmid}`};
  const document = {apiVersion: 'pvegit/v1', kind: 'VirtualMachine', metadata, spec: {vmid}};
  return JSON.stringify(document);
}
