import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chunksOf, KIB, listOf, MIB } from '../testing/bytes.js';
import { DiskBlobStore } from './disk-blob-store.js';

const dir = mkdtempSync(join(tmpdir(), 'tailrace-full-'));
const mounted = run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir);

function run(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!mounted)(`DiskBlobStore on a small disk${mounted ? '' : ' (skipped: only root may mount a tmpfs)'}`, () => {
  const store = new DiskBlobStore(dir);
  const unavailable = (text: string) => ({
    code: 'STORAGE_UNAVAILABLE',
    message: expect.stringContaining(`blobs in ${dir}: ${text}`),
  });

  it('says that the disk is full, keeps nothing of the blob, and goes on with what fits', async () => {
    await expect(store.put('wsp_a', chunksOf(2 * MIB))).rejects.toMatchObject(unavailable('the disk is full'));
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
    await store.put('wsp_a', chunksOf(100 * KIB));
    expect(await listOf(store.list())).toHaveLength(1);
  });

  it('says that the file system is read-only, and still reads', async () => {
    const [blob] = await listOf(store.list());
    expect(run('mount', '-o', 'remount,ro', dir)).toBe(true);
    await expect(store.check()).rejects.toMatchObject(unavailable('the file system is read-only'));
    await expect(store.put('wsp_a', chunksOf(10))).rejects.toMatchObject(unavailable('the file system is read-only'));
    await expect(new DiskBlobStore(dir).stat('wsp_a', blob!.sha256)).resolves.toEqual({ size: blob!.size });
  });
});

afterAll(() => {
  if (mounted) run('umount', dir);
  rmdirSync(dir);
});
