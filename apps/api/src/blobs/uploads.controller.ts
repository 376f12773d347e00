import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Req } from '@nestjs/common';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { BlobRights, senderOf } from '#access';
import { Requires } from '#host';
import { DomainError } from '#kernel';
import { UploadsService, type OpenUpload, type Uploader } from '#storage';
import type { AuthorizedRequest } from '../http/access.guard.js';
import { bodyOf } from './blob-transfer.js';

const Spec = z.strictObject({ size: z.number(), sha256: z.string().optional(), partSize: z.number().optional() });
/** Seconds; ask for the upload again to get new ones. */
const URL_SECONDS = 900;

/**
 * Large contents in parts: begin, `PUT` each part that is not there yet, complete. After an interruption, at whichever end, ask for the upload again: what
 * has come counts. The blob can then be referred to as one that came by `PUT /v1/blobs/<sha256>`.
 */
@Controller('v1/uploads')
export class UploadsController {
  constructor(
    private readonly uploads: UploadsService,
    private readonly rights: BlobRights,
  ) {}

  @Post()
  @HttpCode(201)
  @Requires('dataset.write')
  async begin(@Req() request: AuthorizedRequest, @Body() body: unknown) {
    const spec = Spec.safeParse(body);
    if (!spec.success)
      throw new DomainError('BAD_INPUT', 'the body is {"size": bytes, "sha256"?: hex digits, "partSize"?: bytes}', 'body');
    return this.shown(request, await this.uploads.begin(uploader(request), spec.data));
  }

  @Get(':id')
  @Requires('dataset.write')
  async find(@Req() request: AuthorizedRequest, @Param('id') id: string) {
    return this.shown(request, await this.uploads.find(uploader(request), id));
  }

  @Put(':id/parts/:number')
  @HttpCode(204)
  @Requires('dataset.write')
  async part(@Req() request: AuthorizedRequest, @Param('id') id: string, @Param('number') number: string) {
    const body = bodyOf(request);
    try {
      await this.uploads.put(uploader(request), id, Number(number), body);
    } finally {
      if (body instanceof Readable) body.resume();
    }
  }

  @Post(':id/complete')
  @HttpCode(200)
  @Requires('dataset.write')
  async complete(@Req() request: AuthorizedRequest, @Param('id') id: string) {
    const blob = await this.uploads.complete(uploader(request), id);
    await this.rights.sent(request.ctx, blob.sha256);
    return blob;
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires('dataset.write')
  abort(@Req() request: AuthorizedRequest, @Param('id') id: string) {
    return this.uploads.abort(uploader(request), id);
  }

  /** Each part with where to `PUT` it: at the object store, without a token, where the operator says that clients reach it; else here. */
  private async shown(request: AuthorizedRequest, upload: OpenUpload) {
    const missing = upload.parts.filter((part) => !part.received).map(({ number }) => number);
    const direct = await this.uploads.urls(uploader(request), upload.id, missing, URL_SECONDS);
    const urls = new Map(direct?.map((url, index) => [missing[index]!, url]));
    const parts = upload.parts.map((part) => ({
      ...part,
      url: urls.get(part.number) ?? `/v1/uploads/${upload.id}/parts/${part.number}`,
    }));
    return { ...upload, direct: direct !== undefined, parts };
  }
}

const uploader = ({ ctx }: AuthorizedRequest): Uploader => ({ workspaceId: ctx.workspaceId, sender: senderOf(ctx) });
