import { DomainError } from '#kernel';
import type { BlobEntry, ByteRange } from './blob-store.js';

const NAMESPACE = /^[a-z0-9_]{1,64}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const UPLOAD = /^upl_[0-9a-f]{32}$/;
const KEY = /^([a-z0-9_]{1,64})\/([0-9a-f]{2})\/([0-9a-f]{64})$/;

/** Uploads that are not yet blobs lie here, beside the namespaces; hence no namespace may have this name. */
export const TMP = 'tmp';

/** How long an upload in parts may gather without a row that knows it, before a store removes it. */
export const GATHERING_DAYS = 8;

export function isNamespace(text: string): boolean {
  return NAMESPACE.test(text) && text !== TMP;
}

/** Throws BAD_INPUT: a namespace becomes part of a path, so only the shape of an id passes. */
export function checkNamespace(namespace: string): string {
  if (isNamespace(namespace)) return namespace;
  throw new DomainError('BAD_INPUT', 'the namespace of a blob must be a workspace id ([a-z0-9_], at most 64)', 'namespace');
}

export function checkSha256(sha256: string): string {
  if (SHA256.test(sha256)) return sha256;
  throw new DomainError('BAD_INPUT', 'sha256 must be 64 lower-case hex digits', 'sha256');
}

/** `<namespace>/<first two digits>/<sha256>`. Throws BAD_INPUT. */
export function blobKey(namespace: string, sha256: string): string {
  return `${checkNamespace(namespace)}/${checkSha256(sha256).slice(0, 2)}/${sha256}`;
}

/** `tmp/<id>`: where an upload gathers. Throws BAD_INPUT unless it is the id of one. */
export function stagedKey(id: string): string {
  if (UPLOAD.test(id)) return `${TMP}/${id}`;
  throw new DomainError('BAD_INPUT', 'the id of an upload is upl_ and 32 hex digits', 'id');
}

/** Whether a name in `tmp` is that of an upload which may still be gathering. */
export function isStaged(name: string): boolean {
  return UPLOAD.test(name);
}

/** The blob that a key names, or undefined when something else lies there. */
export function parseKey(key: string): Omit<BlobEntry, 'size' | 'writtenAt'> | undefined {
  const [, namespace, shard, sha256] = KEY.exec(key) ?? [];
  if (!namespace || !sha256 || !isNamespace(namespace) || !sha256.startsWith(shard!)) return undefined;
  return { namespace, sha256 };
}

/** The range cut to the blob's `size`: where to begin and how many bytes to send. Throws BAD_INPUT. */
export function resolveRange(range: ByteRange, size: number): { start: number; length: number } {
  const { start, end = Math.max(start, size - 1) } = range;
  const legal = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start && start <= size;
  if (!legal)
    throw new DomainError('BAD_INPUT', `bytes ${start}-${range.end ?? ''} are no range of a blob of ${size} bytes`, 'range');
  return { start, length: Math.min(end + 1, size) - start };
}

export function blobNotFound(namespace: string, sha256: string): DomainError {
  return new DomainError('BLOB_NOT_FOUND', `no blob ${sha256} in ${namespace}`);
}
