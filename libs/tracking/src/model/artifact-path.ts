import { DomainError } from '#kernel';

/**
 * Artifact path inside its owner: relative, `/` between segments. Refused: absolute, `..`, `.`, empty segments, backslash,
 * control characters, a drive letter, over 1,000 characters (the canonicaliser of every artifact path; percent signs have been decoded before).
 */
function isArtifactPath(path: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (path.length === 0 || path.length > 1000 || /[\\\u0000-\u001f\u007f]/.test(path) || !path.isWellFormed()) return false;
  return path
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..' && !/^[a-zA-Z]:$/.test(segment));
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
