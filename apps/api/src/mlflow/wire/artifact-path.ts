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

/** The first owner that the path names: what comes after it is the owner's own path, whatever that looks like. */
const OWNER = /^(?:.*?\/)??(?:models\/(?<model>m-[0-9a-f]{32})|(?<run>[0-9a-f]{32}))\/artifacts(?:\/(?<rest>.*))?$/s;

export function artifactTarget(workspaceId: string, path: string): ArtifactTarget {
  const { model, run, rest = '' } = OWNER.exec(path)?.groups ?? {};
  if (model) return { ownerId: toLoggedModelId(model), path: rest };
  return run ? { ownerId: toRunId(run), path: rest } : { ownerId: workspaceId, path };
}
