import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { blobKey } from '../blob-key.js';
import { blobStoreContract } from '../blob-store.contract.js';
import { partUploadsContract } from '../part-uploads.contract.js';
import { entryOf, listOf, MIB, refOf } from '../testing/bytes.js';
import { DiskBlobStore } from './disk-blob-store.js';

const content = Buffer.from('content');
const { sha256 } = refOf(content);

describe('DiskBlobStore', () => {
  let base: string;
  let dir: string;
  let count = 0;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'tailrace-blobs-'));
  });
  beforeEach(() => {
    dir = join(base, `store-${count++}`);
  });
  afterAll(() => rm(base, { recursive: true }));

  const subject = async () => {
    const own = await mkdtemp(join(tmpdir(), 'tailrace-blobs-'));
    return {
      store: new DiskBlobStore(own),
      leftovers: () => readdir(join(own, 'tmp')),
      close: () => rm(own, { recursive: true }),
      large: { bytes: 20 * MIB, growth: 6 * MIB },
    };
  };
  blobStoreContract(subject);
  partUploadsContract(subject);

  it('finds after a restart what was put before', async () => {
    await new DiskBlobStore(dir).put('wsp_a', content);
    expect(await readFile(join(dir, blobKey('wsp_a', sha256)))).toEqual(content);
    expect(await listOf(new DiskBlobStore(dir).list())).toEqual([entryOf('wsp_a', refOf(content))]);
  });

  it('removes at its start the uploads of a crash, when they are older than a day', async () => {
    await mkdir(join(dir, 'tmp'), { recursive: true });
    await writeFile(join(dir, 'tmp', 'old'), 'x');
    await writeFile(join(dir, 'tmp', 'young'), 'x');
    const yesterday = Date.now() / 1000 - 25 * 60 * 60;
    await utimes(join(dir, 'tmp', 'old'), yesterday, yesterday);
    await new DiskBlobStore(dir).check();
    expect(await readdir(join(dir, 'tmp'))).toEqual(['young']);
  });

  it('lists only what is a blob by name and by kind', async () => {
    const store = new DiskBlobStore(dir);
    await store.put('wsp_a', content);
    await writeFile(join(dir, 'wsp_a', sha256.slice(0, 2), 'notes.txt'), 'x');
    await mkdir(join(dir, 'Other', 'ab'), { recursive: true });
    await symlink('/etc/passwd', join(dir, 'wsp_a', sha256.slice(0, 2), sha256.slice(0, 2) + 'f'.repeat(62)));
    expect(await listOf(store.list())).toEqual([entryOf('wsp_a', refOf(content))]);
  });

  describe('never follows a symbolic link', () => {
    it('in place of a blob: it is no blob, and a put replaces the link, not its target', async () => {
      const store = new DiskBlobStore(dir);
      const target = join(base, `target-${count}`);
      await writeFile(target, content);
      await mkdir(join(dir, 'wsp_a', sha256.slice(0, 2)), { recursive: true });
      await symlink(target, join(dir, blobKey('wsp_a', sha256)));
      expect(await store.stat('wsp_a', sha256)).toBeUndefined();
      await expect(store.get('wsp_a', sha256)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
      await store.put('wsp_a', content);
      expect(await store.stat('wsp_a', sha256)).toEqual({ size: content.byteLength });
      await store.delete('wsp_a', sha256);
      expect(await readFile(target)).toEqual(content);
    });

    it('in place of a folder', async () => {
      const store = new DiskBlobStore(dir);
      const elsewhere = join(base, `elsewhere-${count}`);
      await store.put('wsp_a', content);
      await rename(join(dir, 'wsp_a'), elsewhere);
      await symlink(elsewhere, join(dir, 'wsp_a'));
      const refusal = { code: 'STORAGE_UNAVAILABLE', message: expect.stringContaining('symbolic link') };
      await expect(store.get('wsp_a', sha256)).rejects.toMatchObject(refusal);
      await expect(store.put('wsp_a', content)).rejects.toMatchObject(refusal);
      await expect(store.delete('wsp_a', sha256)).rejects.toMatchObject(refusal);
      expect(await listOf(store.list())).toEqual([]);
      expect(await readdir(join(elsewhere, sha256.slice(0, 2)))).toEqual([sha256]);
    });
  });

  describe('tells what is wrong with the disk', () => {
    it('when a file lies where the store should be, and works once it is gone', async () => {
      await writeFile(dir, 'a file');
      const store = new DiskBlobStore(dir);
      const refusal = {
        code: 'STORAGE_UNAVAILABLE',
        message: expect.stringContaining(`${dir}: a file lies where a folder is needed`),
      };
      await expect(store.check()).rejects.toMatchObject(refusal);
      await expect(store.put('wsp_a', content)).rejects.toMatchObject(refusal);
      await rm(dir);
      await store.check();
    });

    it('when a file lies where a namespace should be', async () => {
      const store = new DiskBlobStore(dir);
      await store.check();
      await writeFile(join(dir, 'wsp_a'), 'a file');
      await expect(store.put('wsp_a', content)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      expect(await readdir(join(dir, 'tmp'))).toEqual([]);
    });

    it('when the file system takes no files at all', async () => {
      await expect(new DiskBlobStore('/proc/tailrace').check()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    });
  });
});
