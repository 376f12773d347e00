const MAX_PATH = 1000;
const MAX_DEPTH = 50;

/** Why a relative path from outside is not taken; undefined for one that is harmless, however often it is decoded. */
export function pathFault(path: unknown): string | undefined {
  if (typeof path !== 'string' || path === '') return 'it is no path';
  if (path.length > MAX_PATH) return `it has more than ${MAX_PATH} characters`;
  if (path.split('/').length > MAX_DEPTH) return `it is more than ${MAX_DEPTH} folders deep`;
  for (let form = path, n = 0; n < 10; n++) {
    const fault = faultOf(form);
    if (fault) return fault;
    const decoded = decode(form);
    if (decoded === form) break;
    form = decoded;
  }
  return undefined;
}

function faultOf(path: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[\\\u0000-\u001f\u007f]/.test(path)) return 'it has a backslash or control characters';
  if (path.startsWith('/') || /^[a-z]:/i.test(path) || /^file:/i.test(path)) return 'it is absolute';
  if (path.split('/').some((part) => part === '..' || part === '.' || part === '')) return 'it has empty parts, "." or ".."';
  return undefined;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Why an entry is not one of the folder that was listed; a list that names itself again would never end. */
export function entryFault(folder: string, path: unknown): string | undefined {
  const fault = pathFault(path);
  if (fault) return fault;
  return folder === '' || (path as string).startsWith(`${folder}/`)
    ? undefined
    : `it is not in the folder ${folder} that was listed`;
}

export const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
