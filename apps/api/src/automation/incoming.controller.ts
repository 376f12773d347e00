import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { IncomingService, type Received } from '#automation';
import { Public } from '#host';

/** Incoming webhooks of triggers. Nobody needs a token: the signature says who sends. */
@Controller('v1/triggers')
export class IncomingController {
  constructor(private readonly incoming: IncomingService) {}

  @Post(':id/incoming')
  @HttpCode(202)
  @Public()
  async receive(@Param('id') id: string, @Req() request: FastifyRequest): Promise<Received> {
    const header = (name: string) => [request.headers[name]].flat()[0];
    const signed = { id: header('webhook-id'), timestamp: header('webhook-timestamp'), signature: header('webhook-signature') };
    return this.incoming.receive(id, signed, bytesOf(request.body));
  }
}

/** The body as it came; a message may have none. */
function bytesOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
