import { DomainError, errorMessage, isDomainError } from '#kernel';

const CAUSES: Record<string, string> = {
  ENOSPC: 'the disk is full: free some space or move the data folder to a larger disk',
  EDQUOT: 'the disk quota is used up: raise it or free some space',
  EROFS: 'the file system is read-only: mount it writable or choose another data folder',
  EACCES: 'permission denied: let the user that runs Tailrace read and write this folder',
  EPERM: 'permission denied: let the user that runs Tailrace read and write this folder',
  ENOTDIR: 'a file lies where a folder is needed: move it away or choose another data folder',
  EEXIST: 'a file lies where a folder is needed: move it away or choose another data folder',
  ELOOP: 'a symbolic link lies inside the store, which follows none: put the real folder in its place',
  EMFILE: 'too many open files: raise the limit (ulimit -n)',
  EIO: 'the disk reports an input/output error: check its health before anything else',
};

export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** STORAGE_UNAVAILABLE that names the folder, what is wrong with it and what to do; a DomainError passes through. */
export function diskError(dir: string, error: unknown): Error {
  if (isDomainError(error)) return error;
  const cause = CAUSES[errorCode(error) ?? ''];
  return new DomainError(
    'STORAGE_UNAVAILABLE',
    `blobs in ${dir}: ${cause ? `${cause} (${errorMessage(error)})` : errorMessage(error)}`,
  );
}
