import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlobStore } from './blob-store.js';
import type { ContractSubject } from './blob-store.contract.js';
import type { UploadPart, UploadPlace } from './part-uploads.js';
import { chunksOf, collect, listOf, MIB, refOf } from './testing/bytes.js';

/** S3 wants 5 MiB of every part but the last. */
const PART = 5 * MIB;

/** What every store promises of uploads in parts. */
export function partUploadsContract(make: () => Promise<ContractSubject>): void {
  describe('uploads in parts', () => {
    let subject: ContractSubject;
    let store: BlobStore;
    const namespace = `wsp_${randomUUID().replaceAll('-', '')}`;
    const parts = [randomBytes(PART), randomBytes(PART), randomBytes(11)];
    const whole = refOf(Buffer.concat(parts));

    beforeAll(async () => {
      subject = await make();
      store = subject.store;
    });
    afterAll(() => subject.close());

    async function begin(): Promise<UploadPlace> {
      const id = `upl_${randomUUID().replaceAll('-', '')}`;
      return { id, handle: await store.uploads.begin(id) };
    }
    async function filled(order = [0, 1, 2]): Promise<{ place: UploadPlace; sent: UploadPart[] }> {
      const place = await begin();
      const sent: UploadPart[] = [];
      for (const index of order) {
        const content = parts[index]!;
        sent.push(await store.uploads.put(place, index + 1, content.byteLength, content));
      }
      return { place, sent: sent.sort((a, b) => a.number - b.number) };
    }
    const there = async (place: UploadPlace) => (await store.uploads.parts(place)) ?? [];
    const blobs = async () => (await listOf(store.list(namespace))).map(({ sha256 }) => sha256);

    it('become one blob, in whatever order they came', async () => {
      const { place, sent } = await filled([2, 0, 1]);
      expect(await store.uploads.parts(place)).toEqual(sent);
      let claimed;
      const claim = async (ref: unknown) => void (claimed = ref);
      expect(await store.uploads.complete(place, namespace, sent, { claim })).toEqual(whole);
      expect(claimed).toEqual(whole);
      expect(refOf(await collect(await store.get(namespace, whole.sha256)))).toEqual(whole);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('know what came before somebody asked again, and take a part anew', async () => {
      const { place } = await filled([0, 1]);
      expect((await there(place)).map(({ number, size }) => [number, size])).toEqual([
        [1, PART],
        [2, PART],
      ]);
      await sleep(1100); // SeaweedFS tells what came later by the second.
      const again = await store.uploads.put(place, 1, PART, await collect(chunksOf(PART)));
      const now = await there(place);
      expect(now.map(({ number }) => number)).toEqual([1, 2]);
      expect(now[0]).toEqual(again);
      await store.uploads.abort(place);
    });

    it('are the same blob as the same content at once', async () => {
      const before = await store.put(namespace, Buffer.concat(parts));
      const { place, sent } = await filled();
      expect(await store.uploads.complete(place, namespace, sent)).toEqual(before);
      expect(await blobs()).toEqual([whole.sha256]);
    });

    it.each([
      ['fewer', 100, 99],
      ['more', 100, 101],
      ['none', 100, 0],
    ])('refuse a part of %s bytes and keep what was there', async (_, size, sent) => {
      const place = await begin();
      const first = await store.uploads.put(place, 1, 100, randomBytes(100));
      await expect(store.uploads.put(place, 1, size, randomBytes(sent))).rejects.toMatchObject({
        code: 'BLOB_MISMATCH',
        message: 'this part has exactly 100 bytes; send it again',
      });
      expect(await store.uploads.parts(place)).toEqual([first]);
      await store.uploads.abort(place);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('refuse a part that breaks off, with the error of its sender', async () => {
      const place = await begin();
      const failure = new Error('the sender hung up');
      await expect(store.uploads.put(place, 1, MIB, chunksOf(100_000, failure))).rejects.toBe(failure);
      expect(await store.uploads.parts(place)).toEqual([]);
      await store.uploads.abort(place);
    });

    it('keep nothing when they are not what was announced', async () => {
      const { place, sent } = await filled();
      const other = { sha256: refOf(Buffer.from('other')).sha256 };
      const before = await blobs();
      await expect(store.uploads.complete(place, namespace, sent, { expected: other })).rejects.toMatchObject({
        code: 'BLOB_MISMATCH',
      });
      expect([await blobs(), await subject.leftovers()]).toEqual([before, []]);
    });

    it('are not completed with parts that are not there', async () => {
      const { place, sent } = await filled([0]);
      const wrong = { ...sent[0]!, etag: '0'.repeat(32) };
      for (const named of [[...sent, { number: 2, etag: sent[0]!.etag }], [wrong], []])
        await expect(store.uploads.complete(place, namespace, named)).rejects.toMatchObject({
          code: 'BAD_INPUT',
          field: 'parts',
        });
      expect(await store.uploads.parts(place)).toEqual(sent);
      await store.uploads.abort(place);
    });

    it('are given up without a trace, twice if need be', async () => {
      const { place } = await filled();
      await store.uploads.abort(place);
      await store.uploads.abort(place);
      expect(await store.uploads.parts(place)).toBeUndefined();
      expect(await subject.leftovers()).toEqual([]);
    });

    it.each(['', '../x', 'upl_1', `upl_${'A'.repeat(32)}`, `tmp_${'0'.repeat(32)}`])('refuse the id %j', async (id) => {
      const refusal = { code: 'BAD_INPUT', field: 'id' };
      const place = { id, handle: '' };
      await expect(store.uploads.begin(id)).rejects.toMatchObject(refusal);
      await expect(store.uploads.put(place, 1, 1, Buffer.from('x'))).rejects.toMatchObject(refusal);
      await expect(store.uploads.parts(place)).rejects.toMatchObject(refusal);
      await expect(store.uploads.abort(place)).rejects.toMatchObject(refusal);
    });
  });
}
