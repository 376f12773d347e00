import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPlatformProcess } from '../../platform/src/backup/testing.js';
import { uploadFile } from './client/upload-file.js';
import { Bench } from './testing.js';

const MIB = 2 ** 20;

describe('a large file', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  async function aFile(name: string): Promise<{ path: string; sha256: string; size: number }> {
    const content = randomBytes(56 * MIB + 3);
    const path = join(bench.root, name);
    await writeFile(path, content);
    return { path, sha256: createHash('sha256').update(content).digest('hex'), size: content.length };
  }
  async function kept(sha256: string): Promise<string> {
    const answer = await bench.client.send(`/v1/blobs/${sha256}`, {});
    return createHash('sha256')
      .update(Buffer.from(await answer.arrayBuffer()))
      .digest('hex');
  }

  it('goes on where it was when the sender was interrupted', async () => {
    const { path, sha256, size } = await aFile('one.bin');
    const interrupted = uploadFile(bench.client, path, (sent) => {
      if (sent > 16 * MIB) throw new Error('the lid was closed');
    });
    await expect(interrupted).rejects.toThrow('the lid was closed');
    const told: number[] = [];
    expect(await uploadFile(bench.client, path, (sent) => void told.push(sent))).toEqual({ sha256, sent: true });
    expect(told[0]).toBeGreaterThan(16 * MIB);
    expect(told.at(-1)).toBe(size);
    expect(await kept(sha256)).toBe(sha256);
    expect(await uploadFile(bench.client, path)).toEqual({ sha256, sent: false });
  });

  it('arrives although the platform is killed meanwhile', async () => {
    const { path, sha256 } = await aFile('two.bin');
    const { pid, url } = bench.platform;
    let back: Promise<void> | undefined;
    const sent = uploadFile(bench.client, path, (bytes) => {
      if (bytes === 0 || back) return;
      process.kill(pid, 'SIGKILL');
      back = startPlatformProcess(join(bench.root, 'home'), {}, new URL(url).port).then((platform) => {
        bench.platform = platform;
      });
    });
    expect(await sent).toEqual({ sha256, sent: true });
    await back;
    expect(bench.platform.url).toBe(url);
    expect(await kept(sha256)).toBe(sha256);
  });
});
