import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Requires } from '#host';
import { DomainError } from '#kernel';
import { ArtifactsView } from '#tracking';
import type { AuthorizedRequest } from '../http/access.guard.js';
import { ArtifactHeads } from './artifact-heads.js';
import { bitmapType } from './preview.js';

const MAX_IMAGE = 20 * 2 ** 20;

/** Bitmaps among artifacts, to be shown in a page. Everything else of an artifact is a download. */
@Controller('v1/artifacts')
export class ArtifactsController {
  constructor(
    private readonly view: ArtifactsView,
    private readonly heads: ArtifactHeads,
  ) {}

  /** Throws BAD_INPUT for what is no PNG, JPEG, GIF or WebP by its own bytes; the answer may run nothing, wherever it is opened. */
  @Get('image')
  @Requires('tracking.read')
  async image(
    @Req() request: AuthorizedRequest,
    @Res() reply: FastifyReply,
    @Query('ownerId') ownerId = '',
    @Query('path') path = '',
  ) {
    const { ctx } = request;
    const file = await this.view.file(ctx, ownerId, path);
    const mediaType = bitmapType(await this.heads.read(ctx.workspaceId, file.blob, file.size, 16));
    if (!mediaType || file.size > MAX_IMAGE)
      throw new DomainError(
        'BAD_INPUT',
        'only PNG, JPEG, GIF and WebP images up to 20 MiB are shown; download the file instead',
        'path',
      );
    const bytes = await this.heads.read(ctx.workspaceId, file.blob, file.size, MAX_IMAGE);
    await reply
      .headers({
        'content-type': mediaType,
        'content-security-policy': "sandbox; default-src 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'private, max-age=3600',
        'x-content-type-options': 'nosniff',
      })
      .send(bytes);
  }
}
