import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { Config } from '#config';
import { UnitOfWork } from '#database';
import { CONFIG } from '#host';
import { DomainError } from '#kernel';
import { BLOB_STORE, BlobRegistry, type BlobRef, type BlobStore } from '#storage';

/** Streams blobs in and out of the store, at flat memory. */
@Injectable()
export class BlobTransfer {
  constructor(
    @Inject(BLOB_STORE) private readonly store: BlobStore,
    @Inject(CONFIG) private readonly config: Config,
    private readonly registry: BlobRegistry,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Keeps a body as a blob. Throws BLOB_MISMATCH when it is not the content that `sha256` promised, BLOB_TOO_LARGE; then nothing is kept. */
  async receive(workspaceId: string, request: FastifyRequest, sha256: string): Promise<BlobRef> {
    const blob = await this.keep(workspaceId, request, sha256);
    await this.unitOfWork.run({}, (tx) => this.registry.register(tx, workspaceId, blob.sha256, blob.size));
    return blob;
  }

  /** Keeps a body, whatever it is; who refers to it registers it. */
  async keep(workspaceId: string, request: FastifyRequest, sha256?: string): Promise<BlobRef> {
    const maxBytes = this.config.http.maxBodyBytes;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes)
      throw new DomainError('BLOB_TOO_LARGE', `a file may have ${maxBytes} bytes`);
    const body = request.body ?? Buffer.alloc(0);
    if (!(body instanceof Readable || body instanceof Uint8Array))
      throw new DomainError(
        'BAD_INPUT',
        'send the file as the body, with content-type application/octet-stream (or text/csv)',
        'body',
      );
    return this.store.put(workspaceId, body, { expected: sha256 === undefined ? undefined : { sha256 }, maxBytes });
  }

  /** Always a download: content from outside is never shown by this origin. */
  async send(workspaceId: string, sha256: string, reply: FastifyReply, name = sha256): Promise<FastifyReply> {
    const stat = await this.store.stat(workspaceId, sha256);
    if (!stat) throw new DomainError('BLOB_NOT_FOUND', `there is no blob ${sha256.slice(0, 80)}`, 'sha256');
    const stream = await this.store.get(workspaceId, sha256);
    return reply
      .headers({
        'content-type': 'application/octet-stream',
        'content-length': String(stat.size),
        'content-disposition': disposition(name),
        'x-content-type-options': 'nosniff',
        etag: `"${sha256}"`,
      })
      .send(stream);
  }

  async exists(workspaceId: string, sha256: string): Promise<boolean> {
    return (await this.store.stat(workspaceId, sha256)) !== undefined;
  }
}

/** RFC 6266: a plain name for all, and the whole name, encoded, for those that read it. */
function disposition(name: string): string {
  const plain = name.replace(/[^\w. -]/g, '_');
  const coded = encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return plain === name ? `attachment; filename="${name}"` : `attachment; filename="${plain}"; filename*=UTF-8''${coded}`;
}
