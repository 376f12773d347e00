import { Controller, Get, Head, HttpCode, Param, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BlobRights } from '#access';
import { Requires } from '#host';
import { DomainError } from '#kernel';
import type { AuthorizedRequest } from '../http/access.guard.js';
import { BlobTransfer } from './blob-transfer.js';

/** Uploads and downloads of the caller's workspace, by content: what is there already need not be sent again. */
@Controller('v1/blobs')
export class BlobsController {
  constructor(
    private readonly transfer: BlobTransfer,
    private readonly rights: BlobRights,
  ) {}

  @Put(':sha256')
  @HttpCode(201)
  @Requires('dataset.write')
  async upload(@Req() request: AuthorizedRequest, @Param('sha256') sha256: string) {
    const blob = await this.transfer.receive(request.ctx.workspaceId, request, sha256);
    await this.rights.sent(request.ctx, sha256);
    return blob;
  }

  @Head(':sha256')
  @Requires('dataset.read')
  async exists(@Req() request: AuthorizedRequest, @Param('sha256') sha256: string) {
    await this.rights.check(request.ctx, [sha256], 'sha256');
    if (!(await this.transfer.exists(request.ctx.workspaceId, sha256)))
      throw new DomainError('BLOB_NOT_FOUND', 'there is no such blob', 'sha256');
  }

  @Get(':sha256')
  @Requires('dataset.read')
  async download(@Req() request: AuthorizedRequest, @Param('sha256') sha256: string, @Res() reply: FastifyReply) {
    await this.rights.check(request.ctx, [sha256], 'sha256');
    await this.transfer.send(request.ctx.workspaceId, sha256, reply);
  }
}
