import { Readable } from 'node:stream';
import { Controller, Get, Headers, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Requires } from '#host';
import { parsed } from '../attempts/attempts.controller.js';
import type { AuthorizedRequest } from '../http/access.guard.js';
import { EventStream } from './event-stream.js';

const text = z.string().max(5000).optional();
const EventsQuery = z.strictObject({ types: text, after: text });

/** The log by Server-Sent Events, for who cannot hold a WebSocket; its rights are those of the subscription `events`. */
@Controller('v1/events')
export class EventsController {
  constructor(private readonly events: EventStream) {}

  /** `types`: names, separated by commas; `after`: a sequence. `Last-Event-ID`, which a client sends when it comes back, goes before it. */
  @Get()
  @Requires('events.read')
  async follow(
    @Req() request: AuthorizedRequest,
    @Query() query: unknown,
    @Headers('last-event-id') last: string | undefined,
    @Res() reply: FastifyReply,
  ) {
    const { types, after } = parsed(EventsQuery, query);
    const lines = await this.events.open(request, last || after, types?.split(',').filter(Boolean));
    await reply
      .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      .send(Readable.from(lines, { objectMode: false, highWaterMark: 16_384 }));
  }
}
