import { DomainError } from '#kernel';

/** Longest path in characters. */
const MAX_PATH = 1000;

/**
 * Artifact path inside its owner: relative, `/` between segments (the canonicaliser of every artifact path; percent signs have been decoded before).
 * Refused, since some reader of the path takes it for more than a name: absolute, `..`, `.` and empty segments, also in other characters that look like
 * them, backslash, `#`, `?`, `;`, control characters, a drive letter, `.git`, over 1,000 characters.
 */
export function isArtifactPath(path: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (path.length === 0 || path.length > MAX_PATH || /[\\#?;\u0000-\u001f\u007f]/.test(path) || !path.isWellFormed())
    return false;
  return [path, path.normalize('NFKC')].every((form) => form.split('/').every(isName));
}

function isName(segment: string): boolean {
  return !['', '.', '..'].includes(segment) && !/^[a-zA-Z]:$/.test(segment) && segment.toLowerCase() !== '.git';
}

/** Throws BAD_INPUT for what is no artifact path. */
export function checkArtifactPath(path: string): void {
  if (!isArtifactPath(path))
    throw new DomainError(
      'BAD_INPUT',
      `${JSON.stringify(path.slice(0, 200))} is not an artifact path; use a relative path such as model/weights.bin`,
      'path',
    );
}
