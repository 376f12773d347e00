import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { DomainError } from '#kernel';
import { BLOB_STORE, downloadHeader, BlobRegistry, type BlobRef, type BlobStore } from '#storage';
import { hasTag, rangeOf } from './conditions.js';
import { release } from './release.js';
import { sendPieces } from './send-pieces.js';

const BYTES = 'application/octet-stream';

/** Streams blobs in and out of the store, at flat memory. */
@Injectable()
export class BlobTransfer {
  constructor(
    @Inject(BLOB_STORE) private readonly store: BlobStore,
    @Inject(CONFIG) private readonly config: Config,
    private readonly registry: BlobRegistry,
  ) {}

  /**
   * Keeps a body as a blob of the workspace. Throws BLOB_MISMATCH when it is not the content that `sha256` promised, BLOB_TOO_LARGE; then nothing is kept.
   */
  async receive(workspaceId: string, request: FastifyRequest, sha256?: string): Promise<BlobRef> {
    const maxBytes = this.config.http.maxBodyBytes;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes)
      throw new DomainError('BLOB_TOO_LARGE', `a file may have ${maxBytes} bytes`);
    return this.registry.keep(workspaceId, bodyOf(request), {
      expected: sha256 === undefined ? undefined : { sha256 },
      maxBytes,
      release,
    });
  }

  /**
   * Always a download: content from outside is never shown by this origin. A client may resume (`Range`, with `If-Range`) and may ask whether what it
   * has is still it (`If-None-Match`): the hash of the content is its tag.
   */
  async send(workspaceId: string, sha256: string, reply: FastifyReply, name = sha256, type = BYTES): Promise<FastifyReply> {
    const etag = `"${sha256}"`;
    void reply.headers({ etag, 'accept-ranges': 'bytes', 'x-content-type-options': 'nosniff' });
    if (hasTag(reply.request.headers, etag)) {
      if (!(await this.store.stat(workspaceId, sha256))) throw this.notFound(sha256);
      return reply.status(304).send();
    }
    const blob = await this.store.open(workspaceId, sha256);
    const part = rangeOf(reply.request.headers, etag, blob.size);
    if (part === 'NONE') {
      await blob.close();
      return reply.status(416).header('content-range', `bytes */${blob.size}`).send();
    }
    const { start, end } = part ?? { start: 0, end: blob.size - 1 };
    if (part) void reply.status(206).header('content-range', `bytes ${start}-${end}/${blob.size}`);
    void reply.headers({
      'content-type': type,
      'content-length': String(end - start + 1),
      'content-disposition': downloadHeader(name),
    });
    await sendPieces(reply, blob.pieces(part));
    return reply;
  }

  /** Whether it need not be sent again; from then on it stays for a day, so that who asked can refer to it. */
  async exists(workspaceId: string, sha256: string): Promise<boolean> {
    return (await this.store.stat(workspaceId, sha256)) !== undefined && (await this.registry.touch(workspaceId, sha256));
  }

  private notFound(sha256: string): DomainError {
    return new DomainError('BLOB_NOT_FOUND', `there is no blob ${sha256.slice(0, 80)}`, 'sha256');
  }
}

/** The file that a request carries. Throws BAD_INPUT when it is of a type that was read as something else. */
export function bodyOf(request: FastifyRequest): Readable | Uint8Array {
  const body = request.body ?? Buffer.alloc(0);
  if (body instanceof Readable || body instanceof Uint8Array) return body;
  throw new DomainError(
    'BAD_INPUT',
    'send the file as the body, with content-type application/octet-stream (or text/csv)',
    'body',
  );
}
