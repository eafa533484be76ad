// Why this exists: that an import changes nothing is not promised but shown: the manifests are
// planned against the very answers from which they were made.
import type {Action} from '../../core/action.ts';
import type {ResourceKind} from '../../core/kind.ts';
import type {Diagnostic, Inventory, RepositoryFile, ResourceRecord} from '../../core/model.ts';
import {kinds} from '../../kinds/index.ts';
import {readManifests} from '../../manifest/read.ts';
import {manifestText} from '../../manifest/write.ts';
import {makePlan} from '../../plan/make-plan.ts';
import type {ImportedFile} from './files.ts';
import {fileOfText, revisionOfFiles} from './inherited.ts';

/** What a plan of the imported manifests says. */
export interface ImportCheck {
  /** Guests whose plan is empty, or is their adoption alone. */
  readonly empty: readonly Action[];
  /** Guests of which the plan says anything else: our mistake, or something that is in the way. */
  readonly different: readonly Action[];
  /** Mistakes of the manifests. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Plans the imported files, with what lies beside them, against an inventory. */
export function checkImport(request: {
  readonly imported: readonly ImportedFile[];
  readonly present: readonly RepositoryFile[];
  readonly inventory: Inventory;
  readonly installation: string;
  readonly source: string;
  readonly records: readonly ResourceRecord[];
}): ImportCheck {
  const {imported, present, inventory, installation, source} = request;
  const files = imported.map(({path, written}) => fileOfText(path, manifestText(written)));
  const manifests = readManifests({
    revision: revisionOfFiles(source, [...present, ...files]),
    kinds,
  });
  const keys = new Set(imported.map(({guest}) => guest.observed.key));
  const plan = makePlan({
    installation,
    cluster: inventory.cluster,
    kinds: kinds.filter((kind): kind is ResourceKind => kind.role === 'resource'),
    manifests: [manifests],
    unread: [],
    records: request.records.filter(({key}) => keys.has(key)),
    inventory,
    secretHashes: {},
  });
  const actions = plan.actions.filter(({key}) => keys.has(key));
  const paths = new Set(imported.map(({path}) => path));
  return {
    empty: actions.filter(isEmpty),
    different: actions.filter((action) => !isEmpty(action)),
    diagnostics: [...manifests.diagnostics, ...plan.diagnostics].filter(
      ({severity, range}) => severity === 'error' && (!range || paths.has(range.file)),
    ),
  };
}

function isEmpty({verb, changes, findings}: Action): boolean {
  return (verb === 'adopt' || verb === 'none') && changes.length === 0 && findings.length === 0;
}
