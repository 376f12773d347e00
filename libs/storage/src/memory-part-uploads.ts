import { createHash } from 'node:crypto';
import { checkNamespace, stagedKey } from './blob-key.js';
import type { BlobRef, BlobSource, BlobStore, PutOptions } from './blob-store.js';
import { readPart } from './intake.js';
import { checkParts, settle, type PartUploads, type UploadPart, type UploadPlace } from './part-uploads.js';

export class MemoryPartUploads implements PartUploads {
  private readonly open = new Map<string, Map<number, Buffer>>();

  constructor(private readonly store: Pick<BlobStore, 'put'>) {}

  async begin(id: string): Promise<string> {
    this.open.set(stagedKey(id), new Map());
    return '';
  }

  async put({ id }: UploadPlace, number: number, size: number, source: BlobSource): Promise<UploadPart> {
    const content = await readPart(source, size);
    this.open.get(stagedKey(id))?.set(number, content);
    return toPart(number, content);
  }

  async parts({ id }: UploadPlace): Promise<UploadPart[] | undefined> {
    const open = this.open.get(stagedKey(id));
    if (!open) return undefined;
    const found = [...open].map(([number, content]) => toPart(number, content));
    return found.sort((a, b) => a.number - b.number);
  }

  async complete(
    place: UploadPlace,
    namespace: string,
    parts: readonly Omit<UploadPart, 'size'>[],
    opts?: PutOptions,
  ): Promise<BlobRef> {
    checkNamespace(namespace);
    checkParts(parts, await this.parts(place));
    const contents = this.open.get(stagedKey(place.id))!;
    const content = Buffer.concat(parts.map(({ number }) => contents.get(number)!));
    return settle(this.store.put(namespace, content, opts), () => this.abort(place));
  }

  async abort({ id }: UploadPlace): Promise<void> {
    this.open.delete(stagedKey(id));
  }
}

function toPart(number: number, content: Buffer): UploadPart {
  return { number, size: content.byteLength, etag: createHash('sha256').update(content).digest('hex') };
}
