import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { Config } from '#config';
import { UnitOfWork } from '#database';
import { CONFIG } from '#host';
import { DomainError } from '#kernel';
import { BLOB_STORE, BlobRegistry, type BlobStore } from '#storage';

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
  async receive(workspaceId: string, request: FastifyRequest, sha256: string): Promise<{ sha256: string; size: number }> {
    const maxBytes = this.config.http.maxBodyBytes;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes)
      throw new DomainError('BLOB_TOO_LARGE', `a file may have ${maxBytes} bytes`);
    if (!(request.body instanceof Readable))
      throw new DomainError(
        'BAD_INPUT',
        'send the file as the body, with content-type application/octet-stream (or text/csv)',
        'body',
      );
    const blob = await this.store.put(workspaceId, request.body, { expected: { sha256 }, maxBytes });
    await this.unitOfWork.run({}, (tx) => this.registry.register(tx, workspaceId, blob.sha256, blob.size));
    return blob;
  }

  /** Always a download: content from outside is never shown by this origin. */
  async send(workspaceId: string, sha256: string, reply: FastifyReply): Promise<void> {
    const stat = await this.store.stat(workspaceId, sha256);
    if (!stat) throw new DomainError('BLOB_NOT_FOUND', `there is no blob ${sha256.slice(0, 80)}`, 'sha256');
    const stream = await this.store.get(workspaceId, sha256);
    void reply.headers({
      'content-type': 'application/octet-stream',
      'content-length': String(stat.size),
      'content-disposition': `attachment; filename="${sha256}"`,
      etag: `"${sha256}"`,
    });
    await reply.send(stream);
  }

  async exists(workspaceId: string, sha256: string): Promise<boolean> {
    return (await this.store.stat(workspaceId, sha256)) !== undefined;
  }
}
