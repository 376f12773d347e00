import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DomainError } from '#kernel';
import type { BlobStore } from './blob-store.js';
import { chunksOf, collect, entryOf, KIB, listOf, measured, MIB, piecesOf, refOf } from './testing/bytes.js';

export interface ContractSubject {
  readonly store: BlobStore;
  /** Uploads that did not become blobs: files, objects or multipart uploads. */
  leftovers(): Promise<string[]>;
  close(): Promise<void>;
  /** Size of the large stream, and by how many bytes the live buffers may grow meanwhile; undefined: the store is memory. */
  readonly large: { readonly bytes: number; readonly growth: number | undefined };
}

/** What every BlobStore promises; `make` starts one that may hold other namespaces already. */
export function blobStoreContract(make: () => Promise<ContractSubject>): void {
  let subject: ContractSubject;
  let store: BlobStore;
  const fresh = () => `wsp_${randomUUID().replaceAll('-', '')}`;
  const unknown = refOf(Buffer.from('never stored')).sha256;
  const expectNothing = async (namespace: string) => {
    expect(await listOf(store.list(namespace))).toEqual([]);
    expect(await subject.leftovers()).toEqual([]);
  };

  beforeAll(async () => {
    subject = await make();
    store = subject.store;
  });
  afterAll(() => subject?.close());

  describe('content', () => {
    it('of a stream that waits and ends between pieces comes in whole and in order', async () => {
      const namespace = fresh();
      const content = await collect(chunksOf(4 * MIB));
      const source = new Readable({ read() {} });
      const put = store.put(namespace, source);
      for (let at = 0; at < content.byteLength; at += 300 * KIB) {
        source.push(content.subarray(at, at + 300 * KIB));
        await new Promise(setImmediate);
      }
      source.push(null);
      expect(await put).toEqual(refOf(content));
    });

    it('comes back as it went in, from bytes and from a stream', async () => {
      const namespace = fresh();
      const content = Buffer.from('Grüße\0\r\n');
      const expected = refOf(content);
      expect(await store.put(namespace, content, { expected })).toEqual(expected);
      expect(await store.put(namespace, Readable.from([content.subarray(0, 3), content.subarray(3)]))).toEqual(expected);
      expect(await collect(await store.get(namespace, expected.sha256))).toEqual(content);
      expect(await store.stat(namespace, expected.sha256)).toEqual({ size: content.byteLength });
      expect(await listOf(store.list(namespace))).toEqual([entryOf(namespace, expected)]);
    });

    it('may be empty', async () => {
      const namespace = fresh();
      const ref = await store.put(namespace, Readable.from([]));
      expect(ref).toEqual(refOf(Buffer.alloc(0)));
      expect(await store.stat(namespace, ref.sha256)).toEqual({ size: 0 });
      expect(await collect(await store.get(namespace, ref.sha256))).toHaveLength(0);
      expect(await collect(await store.get(namespace, ref.sha256, { start: 0 }))).toHaveLength(0);
    });

    it('may be large, in bounded memory', async () => {
      const namespace = fresh();
      const { stream, result } = measured(chunksOf(subject.large.bytes));
      const ref = await store.put(namespace, stream);
      const { growth, ...sent } = result();
      expect(ref).toEqual(sent);
      expect(ref.size).toBe(subject.large.bytes);
      if (subject.large.growth !== undefined) expect(growth).toBeLessThan(subject.large.growth);
      expect(await listOf(store.list(namespace))).toEqual([entryOf(namespace, sent)]);
      const back = measured(await store.get(namespace, ref.sha256));
      for await (const _ of back.stream);
      expect(back.result()).toMatchObject(sent);
      expect(await subject.leftovers()).toEqual([]);
    }, 120_000);

    it('is one blob however often and however concurrently it is put', async () => {
      const namespace = fresh();
      const content = Buffer.alloc(300 * KIB, 7);
      const refs = await Promise.all(Array.from({ length: 20 }, () => store.put(namespace, Readable.from([content]))));
      expect(new Set(refs.map((ref) => ref.sha256)).size).toBe(1);
      expect(await listOf(store.list(namespace))).toEqual([entryOf(namespace, refOf(content))]);
      expect(await collect(await store.get(namespace, refs[0]!.sha256))).toEqual(content);
      expect(await subject.leftovers()).toEqual([]);
    }, 60_000);
  });

  describe('ranges', () => {
    const content = Buffer.from('0123456789');
    const cases = [
      { range: { start: 0, end: 0 }, text: '0' },
      { range: { start: 2, end: 4 }, text: '234' },
      { range: { start: 7 }, text: '789' },
      { range: { start: 8, end: 99 }, text: '89' },
      { range: { start: 10 }, text: '' },
    ];
    it.each(cases)('$range is "$text"', async ({ range, text }) => {
      const namespace = fresh();
      const { sha256 } = await store.put(namespace, content);
      expect((await collect(await store.get(namespace, sha256, range))).toString()).toBe(text);
      expect((await piecesOf(await store.open(namespace, sha256), range)).toString()).toBe(text);
    });

    it.each([{ start: -1 }, { start: 5, end: 4 }, { start: 11 }, { start: 0.5 }, { start: Number.NaN }])(
      '%o is refused',
      async (range) => {
        const namespace = fresh();
        const { sha256 } = await store.put(namespace, content);
        const refusal = { code: 'BAD_INPUT', field: 'range' };
        await expect(store.get(namespace, sha256, range)).rejects.toMatchObject(refusal);
        await expect(piecesOf(await store.open(namespace, sha256), range)).rejects.toMatchObject(refusal);
      },
    );
  });

  describe('an open blob', () => {
    it('is read in pieces, by many at once, each with its own content', async () => {
      const namespace = fresh();
      const contents = await Promise.all([3 * MIB + 7, 512 * KIB, 100 * KIB].map((size) => collect(chunksOf(size))));
      const refs = await Promise.all(contents.map((content) => store.put(namespace, content)));
      const read = async (n: number) => piecesOf(await store.open(namespace, refs[n % 3]!.sha256));
      const found = await Promise.all(Array.from({ length: 24 }, (_, n) => read(n)));
      expect(found.map(refOf)).toEqual(found.map((_, n) => refs[n % 3]));
      const blob = await store.open(namespace, refs[0]!.sha256);
      expect(blob.size).toBe(3 * MIB + 7);
      await blob.close();
    });

    it('may be left in the middle', async () => {
      const namespace = fresh();
      const { sha256 } = await store.put(namespace, chunksOf(3 * MIB));
      const blob = await store.open(namespace, sha256);
      for await (const piece of blob.pieces({ start: 5 })) {
        expect(piece.byteLength).toBeGreaterThan(0);
        break;
      }
      await blob.close();
    });
  });

  describe('a put that fails keeps nothing', () => {
    const small = Buffer.from('something else');

    it.each([
      ['hash', small, { sha256: unknown }],
      ['size', small, { sha256: refOf(small).sha256, size: small.byteLength + 1 }],
    ])('when the %s differs', async (_, content, expected) => {
      const namespace = fresh();
      await expect(store.put(namespace, content, { expected })).rejects.toMatchObject({ code: 'BLOB_MISMATCH' });
      await expectNothing(namespace);
    });

    it('when a large content differs', async () => {
      const namespace = fresh();
      const put = store.put(namespace, chunksOf(20 * MIB), { expected: { sha256: unknown } });
      await expect(put).rejects.toMatchObject({ code: 'BLOB_MISMATCH' });
      await expectNothing(namespace);
    });

    it.each([100 * KIB, 20 * MIB])('when %i bytes exceed the limit', async (bytes) => {
      const namespace = fresh();
      const put = store.put(namespace, chunksOf(bytes), { maxBytes: bytes - 1 });
      await expect(put).rejects.toMatchObject({ code: 'BLOB_TOO_LARGE' });
      await expectNothing(namespace);
      expect((await store.put(namespace, chunksOf(bytes), { maxBytes: bytes })).size).toBe(bytes);
    });

    it.each([100 * KIB, 9 * MIB, 40 * MIB])('when the source breaks after %i bytes; its own error comes out', async (bytes) => {
      const namespace = fresh();
      const failure = new Error('the sender hung up');
      await expect(store.put(namespace, Readable.from(chunksOf(bytes, failure)))).rejects.toBe(failure);
      await expectNothing(namespace);
      expect(await store.put(namespace, small)).toEqual(refOf(small));
    });

    it('when the stream was broken before it was read', async () => {
      const namespace = fresh();
      const source = new Readable({ read() {} });
      source.destroy(new Error('gone'));
      await expect(store.put(namespace, source)).rejects.toThrow('gone');
      await expectNothing(namespace);
    });
  });

  describe('unknown blobs', () => {
    it('cannot be read, have no size, and are deleted without complaint', async () => {
      const namespace = fresh();
      await expect(store.get(namespace, unknown)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
      await expect(store.open(namespace, unknown)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
      await expect(store.get(namespace, unknown, { start: 0, end: 1 })).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
      expect(await store.stat(namespace, unknown)).toBeUndefined();
      await store.delete(namespace, unknown);
      expect(await listOf(store.list(namespace))).toEqual([]);
    });

    it('are those of another namespace', async () => {
      const { sha256 } = await store.put(fresh(), Buffer.from('mine'));
      await expect(store.get(fresh(), sha256)).rejects.toBeInstanceOf(DomainError);
    });
  });

  it('lists per namespace and over all of them, and forgets what was deleted', async () => {
    const [one, two] = [fresh(), fresh()];
    const blobs = await Promise.all(['a', 'b', 'c'].map((text) => store.put(one, Buffer.from(text))));
    await store.put(two, Buffer.from('a'));
    const shas = async (namespace?: string) =>
      (await listOf(store.list(namespace))).map((blob) => `${blob.namespace}/${blob.sha256}`).sort();
    expect(await shas(one)).toEqual(blobs.map((blob) => `${one}/${blob.sha256}`).sort());
    expect(await shas()).toEqual(expect.arrayContaining([...(await shas(one)), ...(await shas(two))]));
    await store.delete(one, blobs[0]!.sha256);
    await store.delete(one, blobs[0]!.sha256);
    expect(await shas(one)).toEqual(
      blobs
        .slice(1)
        .map((blob) => `${one}/${blob.sha256}`)
        .sort(),
    );
    await expect(store.get(one, blobs[0]!.sha256)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    expect(await store.stat(two, blobs[0]!.sha256)).toEqual({ size: 1 });
  });

  const hostile = ['', '.', '..', '../x', 'a/b', 'a\\b', 'A', 'a\0b', 'wsp-1', 'tmp', 'x'.repeat(65), 'ä', 'a\n'];
  it.each(hostile)('refuses the namespace %j', async (namespace) => {
    const refusal = { code: 'BAD_INPUT', field: 'namespace' };
    await expect(store.put(namespace, Buffer.from('x'))).rejects.toMatchObject(refusal);
    await expect(store.get(namespace, unknown)).rejects.toMatchObject(refusal);
    await expect(store.open(namespace, unknown)).rejects.toMatchObject(refusal);
    await expect(store.stat(namespace, unknown)).rejects.toMatchObject(refusal);
    await expect(store.delete(namespace, unknown)).rejects.toMatchObject(refusal);
    await expect(listOf(store.list(namespace))).rejects.toMatchObject(refusal);
  });

  it.each(['', '../x', unknown.toUpperCase(), unknown.slice(1), `${unknown}0`, `${unknown.slice(1)}\0`, `${unknown}\n`])(
    'refuses the hash %j',
    async (sha256) => {
      const refusal = { code: 'BAD_INPUT', field: 'sha256' };
      await expect(store.get(fresh(), sha256)).rejects.toMatchObject(refusal);
      await expect(store.stat(fresh(), sha256)).rejects.toMatchObject(refusal);
      await expect(store.delete(fresh(), sha256)).rejects.toMatchObject(refusal);
      await expect(store.put(fresh(), Buffer.from('x'), { expected: { sha256 } })).rejects.toMatchObject(refusal);
    },
  );

  it('passes its own check and leaves no trace of it', async () => {
    await store.check();
    expect(await subject.leftovers()).toEqual([]);
  });
}
