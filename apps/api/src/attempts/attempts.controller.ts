import { Body, Controller, Get, HttpCode, Param, Post, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { CheckpointSchema, FinishSchema, HeartbeatSchema, LogLinesSchema, LogMetricsSchema, LogParamsSchema } from '#contracts';
import { AttemptOnly } from '#host';
import { DomainError } from '#kernel';
import { AttemptsService } from '#training';
import { BlobTransfer } from '../blobs/blob-transfer.js';
import type { AuthorizedRequest } from '../http/access.guard.js';

/** The HTTP contract of an attempt process: the only thing that whatever trains knows of the platform. */
@AttemptOnly()
@Controller('attempt/v1')
export class AttemptsController {
  constructor(
    private readonly attempts: AttemptsService,
    private readonly transfer: BlobTransfer,
  ) {}

  @Post('claim')
  @HttpCode(200)
  claim(@Req() request: AuthorizedRequest) {
    return this.attempts.claim(request.ctx);
  }

  @Post('heartbeat')
  @HttpCode(200)
  heartbeat(@Req() request: AuthorizedRequest, @Body() body: unknown) {
    return this.attempts.heartbeat(request.ctx, parsed(HeartbeatSchema, body));
  }

  @Post('metrics')
  @HttpCode(200)
  async metrics(@Req() request: AuthorizedRequest, @Body() body: unknown) {
    await this.attempts.logMetrics(request.ctx, parsed(LogMetricsSchema, body).points);
    return {};
  }

  @Post('log')
  @HttpCode(200)
  async log(@Req() request: AuthorizedRequest, @Body() body: unknown) {
    await this.attempts.logLines(request.ctx, parsed(LogLinesSchema, body).lines);
    return {};
  }

  @Post('describe')
  @HttpCode(200)
  async describe(@Req() request: AuthorizedRequest, @Body() body: unknown) {
    const { params, tags } = parsed(LogParamsSchema, body);
    await this.attempts.describe(request.ctx, params, tags);
    return {};
  }

  @Post('checkpoint')
  @HttpCode(200)
  async checkpoint(@Req() request: AuthorizedRequest, @Body() body: unknown) {
    const { sha256, epoch } = parsed(CheckpointSchema, body);
    await this.attempts.checkpoint(request.ctx, sha256, epoch);
    return {};
  }

  @Post('finish')
  @HttpCode(200)
  async finish(@Req() request: AuthorizedRequest, @Body() body: unknown) {
    await this.attempts.finish(request.ctx, parsed(FinishSchema, body));
    return {};
  }

  @Get('blobs/:sha256')
  async download(@Req() request: AuthorizedRequest, @Param('sha256') sha256: string, @Res() reply: FastifyReply) {
    await this.attempts.mayRead(request.ctx, sha256);
    await this.transfer.send(request.ctx.workspaceId, sha256, reply);
  }

  @Put('blobs/:sha256')
  async upload(@Req() request: AuthorizedRequest, @Param('sha256') sha256: string) {
    await this.attempts.heartbeat(request.ctx, {});
    return this.transfer.receive(request.ctx.workspaceId, request, sha256);
  }
}

/** Throws BAD_INPUT naming the path in the body that is wrong. */
export function parsed<S extends z.ZodType>(schema: S, body: unknown): z.infer<S> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new DomainError('BAD_INPUT', `${issue.path.join('.') || 'body'}: ${issue.message}`, issue.path.join('.'));
}
