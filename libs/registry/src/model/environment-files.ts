import type { ManifestFile } from '#contracts';

/** Files that say which packages a model wants: those of MLflow's models (mlflow/utils/environment.py) and of the usual package managers. */
const NAMES: ReadonlySet<string> = new Set([
  'requirements.txt',
  'conda.yaml',
  'python_env.yaml',
  'environment.yml',
  'conda-lock.yml',
  'pyproject.toml',
  'pylock.toml',
  'uv.lock',
  'poetry.lock',
  'pdm.lock',
  'Pipfile.lock',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'renv.lock',
  'Cargo.lock',
  'go.sum',
]);
/** Files that an event names. */
const MAX_FILES = 64;

/** The files of a version that say what it is to run with, by path and SHA-256. */
export function environmentFilesOf(manifest: readonly ManifestFile[]): { path: string; blob: string }[] {
  return manifest
    .filter(({ path }) => NAMES.has(path.slice(path.lastIndexOf('/') + 1)))
    .slice(0, MAX_FILES)
    .map(({ path, sha256 }) => ({ path: path.slice(-MAX_PATH), blob: sha256 }));
}

/** Characters of a path that an event holds, from its end. */
const MAX_PATH = 500;
