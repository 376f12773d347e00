import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `<root>` and `apps|libs/<name>/src/<file>` of a URL in the source tree or in its compiled copy; greedy, so the last match counts. */
const IN_TREE = /^(.*)\/((?:apps|libs)\/[^/]+\/src\/.*)\.[jt]s$/;

/**
 * URL of a child's entry, given relative to the module that starts it. Children always run compiled code: they are plain Node processes
 * that know no loader, so from the source tree the entry is the file's copy under `<root>/dist`. Throws when it has not been built.
 */
export function childEntry(importMetaUrl: string, relative: string): URL {
  const url = new URL(relative, importMetaUrl);
  const match = IN_TREE.exec(url.href);
  if (!match) throw new Error(`${url.href} lies neither in apps/*/src nor in libs/*/src`);
  const root = match[1]!.endsWith('/dist') ? match[1]! : `${match[1]!}/dist`;
  const entry = new URL(`${root}/${match[2]!}.js`);
  if (!existsSync(entry)) throw new Error(`the compiled file ${fileURLToPath(entry)} is missing; run \`npm run build\``);
  return entry;
}
