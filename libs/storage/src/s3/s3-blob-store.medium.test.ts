import { Client } from 'minio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobStoreContract } from '../blob-store.contract.js';
import { partUploadsContract } from '../part-uploads.contract.js';
import { chunksOf, collect, MIB, refOf } from '../testing/bytes.js';
import { findWeed, startSeaweedFs, type SeaweedFs } from '../testing/start-seaweedfs.js';
import { listObjects, sweepUploads } from './listing.js';
import { S3BlobStore } from './s3-blob-store.js';
import type { S3Options } from './s3-client.js';

const weed = findWeed(process.env);
const title = weed ? 'S3BlobStore on SeaweedFS' : 'S3BlobStore (skipped: SeaweedFS not found; run: bash infra/seaweedfs.sh)';

describe.skipIf(!weed)(title, () => {
  let server: SeaweedFs;
  let client: Client;
  const options = (more?: Partial<S3Options>): S3Options => ({ ...server, bucket: 'tailrace', prefix: 'some/prefix', ...more });

  beforeAll(async () => {
    server = await startSeaweedFs(weed!);
    const { hostname, port } = new URL(server.endpoint);
    const { accessKey, secretKey } = server;
    client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey, region: 'us-east-1' });
    await client.makeBucket('tailrace');
  });
  afterAll(() => server?.stop());

  async function leftovers(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of listObjects(client, 'tailrace', 'some/prefix/tmp/')) found.push(key);
    const { uploads } = await client.listIncompleteUploadsQuery('tailrace', '', '', '', '');
    return [...found, ...uploads.map((upload) => `incomplete ${upload.key}`)];
  }

  const subject = async () => ({
    store: new S3BlobStore(options()),
    leftovers,
    close: async () => {},
    // A fixed number of 16 MiB parts at a time (gathered, being sent, just sent), however large the blob is.
    large: { bytes: 160 * MIB, growth: 5 * 16 * MIB },
  });
  blobStoreContract(subject);
  partUploadsContract(subject);

  it('copies by parts what is too large for one copy', async () => {
    const store = new S3BlobStore(options({ limits: { copy: 8 * MIB } }));
    const content = await collect(chunksOf(21 * MIB + 5));
    const ref = await store.put('wsp_parts', content);
    expect(ref).toEqual(refOf(content));
    expect(refOf(await collect(await store.get('wsp_parts', ref.sha256)))).toEqual(ref);
    expect(await leftovers()).toEqual([]);
  });

  it('keeps prefixes apart', async () => {
    const { sha256 } = await new S3BlobStore(options({ prefix: 'one' })).put('wsp_a', Buffer.from('x'));
    expect(await new S3BlobStore(options({ prefix: 'two/' })).stat('wsp_a', sha256)).toBeUndefined();
    expect(await new S3BlobStore(options({ prefix: '/one/' })).stat('wsp_a', sha256)).toEqual({ size: 1 });
  });

  it('sweeps the uploads of a crash, but none that may still be at work', async () => {
    await client.putObject('tailrace', 'some/prefix/tmp/whole', 'x');
    await client.initiateNewMultipartUpload('tailrace', 'some/prefix/tmp/part', {});
    await new S3BlobStore(options()).check();
    expect(await leftovers()).toEqual(['some/prefix/tmp/whole', 'incomplete some/prefix/tmp/part']);
    await sweepUploads(client, 'tailrace', 'some/prefix/tmp/', -60_000);
    expect(await leftovers()).toEqual([]);
  });

  it('says so when the server ends in the middle of an upload', async () => {
    const short = await startSeaweedFs(weed!);
    const store = new S3BlobStore({ ...short, bucket: 'tailrace' });
    async function* source() {
      yield* chunksOf(20 * MIB);
      await short.stop();
      yield* chunksOf(20 * MIB);
    }
    await expect(store.put('wsp_a', source())).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  it.each([
    ['a missing bucket', { bucket: 'nowhere' }, /bucket nowhere: the bucket does not exist/],
    ['a wrong secret', { secretKey: 'wrong-wrong-wrong' }, /the secret key is wrong|access denied/],
    ['an unknown key', { accessKey: 'unknown' }, /the access key is unknown|access denied/],
    ['a closed port', { endpoint: 'http://127.0.0.1:9' }, /127\.0\.0\.1:9.*nothing listens there/],
  ])('check tells of %s', async (_, more, message) => {
    const check = new S3BlobStore(options(more)).check();
    await expect(check).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: expect.stringMatching(message) });
  });
});
