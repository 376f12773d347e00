import { describe, expect, it } from 'vitest';
import { DomainError } from '#kernel';
import { diskError } from './disk-errors.js';

const failure = (code: string) => Object.assign(new Error(`${code}: write`), { code });

describe('diskError', () => {
  it.each([
    ['ENOSPC', 'the disk is full: free some space'],
    ['EROFS', 'the file system is read-only: mount it writable'],
    ['EACCES', 'permission denied: let the user that runs Tailrace'],
  ])('explains %s and names the folder', (code, text) => {
    const error = diskError('/data/blobs', failure(code));
    expect(error).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining(`blobs in /data/blobs: ${text}`),
    });
  });

  it('passes on what it does not know and what is explained already', () => {
    expect(diskError('/data', failure('EWEIRD'))).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: 'blobs in /data: EWEIRD: write',
    });
    const known = new DomainError('BLOB_NOT_FOUND', 'no blob');
    expect(diskError('/data', known)).toBe(known);
  });
});
