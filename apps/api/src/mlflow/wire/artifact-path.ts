import { posix } from 'node:path';
import { isArtifactPath } from '#tracking';
import { invalid } from './errors.js';
import { toLoggedModelId, toRunId } from './ids.js';

const INVALID = 'Invalid path';

/**
 * A relative path as a client sent it, decoded once by HTTP. Refused, with the words that MLflow has: absolute, `..`, backslashes, and all that
 * decodes to such, however often it was encoded.
 */
export function safePath(path: string): string {
  for (let form = path, i = 0; i < 10; i++) {
    if (isUnsafe(form)) throw invalid(INVALID);
    const decoded = decode(form);
    if (decoded === form) break;
    form = decoded;
  }
  const norm = posix.normalize(path).replace(/\/+$/, '');
  if (norm === '' || norm === '.') return '';
  if (!isArtifactPath(norm)) throw invalid(INVALID);
  return norm;
}

function isUnsafe(path: string): boolean {
  return (
    path.includes('\\') ||
    hasControl(path) ||
    path.startsWith('/') ||
    /^[a-zA-Z]:/.test(path) ||
    path.split('/').includes('..') ||
    /^file:/i.test(path)
  );
}

/** Control characters: they end a line, or a name, for whoever reads it next. */
export function hasControl(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f]/.test(text);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** What a path below `mlflow-artifacts:/` names: a file of a run or a logged model, or of the workspace itself. */
export interface ArtifactTarget {
  readonly ownerId: string;
  readonly path: string;
}

const OF_RUN = /^(?:.*\/)?([0-9a-f]{32})\/artifacts(?:\/(.*))?$/s;
const OF_MODEL = /^(?:.*\/)?models\/(m-[0-9a-f]{32})\/artifacts(?:\/(.*))?$/s;

export function artifactTarget(workspaceId: string, path: string): ArtifactTarget {
  const model = OF_MODEL.exec(path);
  if (model) return { ownerId: toLoggedModelId(model[1]!), path: model[2] ?? '' };
  const run = OF_RUN.exec(path);
  if (run) return { ownerId: toRunId(run[1]!), path: run[2] ?? '' };
  return { ownerId: workspaceId, path };
}
