// Why this exists: an editor completes and checks manifests by the schemas that lie beside them, so
// they come with the repository and work wherever it is cloned.
import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const SCHEMAS = fileURLToPath(new URL('../../../schemas', import.meta.url));

/** The published schemas: file name and content. */
export async function schemaFiles(): Promise<
  readonly {readonly name: string; readonly text: string}[]
> {
  const names = (await readdir(SCHEMAS)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (name) => ({name, text: await readFile(join(SCHEMAS, name), 'utf8')})),
  );
}
