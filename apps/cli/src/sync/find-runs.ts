import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalRun } from './local-run.js';
import { MlrunsRun, yamlFacts } from './mlruns-run.js';
import { OfflineRun } from './offline-run.js';

const MAX_DEPTH = 16;

/** Folders of runs below a folder, in the order of their names. Hidden folders (MLflow's .trash, say) and links are not entered. */
export async function* findRuns(dir: string, depth = 0): AsyncGenerator<LocalRun> {
  const entries = await readdir(dir, { withFileTypes: true });
  const has = (name: string) => entries.some((entry) => entry.isFile() && entry.name === name);
  if (has('run.json')) return void (yield new OfflineRun(dir));
  if (has('meta.yaml') && (await isRun(join(dir, 'meta.yaml')))) return void (yield new MlrunsRun(dir));
  if (depth >= MAX_DEPTH) return;
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'artifacts');
  for (const { name } of folders.sort((a, b) => (a.name < b.name ? -1 : 1))) yield* findRuns(join(dir, name), depth + 1);
}

/** Experiments and logged models of MLflow have a meta.yaml too. */
async function isRun(path: string): Promise<boolean> {
  const facts = yamlFacts(await readFile(path, 'utf8'));
  return Boolean(facts['run_id'] ?? facts['run_uuid']);
}
