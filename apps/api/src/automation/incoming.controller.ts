import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { IncomingService, MAX_INCOMING_BYTES, type Received } from '#automation';
import { Public } from '#host';
import { DomainError } from '#kernel';

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
    return this.incoming.receive(id, signed, await bytesOf(request.body as AsyncIterable<Buffer> | undefined));
  }
}

/** The body as it came. Throws BLOB_TOO_LARGE as soon as it is longer than a message may be. */
async function bytesOf(body: AsyncIterable<Buffer> | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_INCOMING_BYTES)
      throw new DomainError('BLOB_TOO_LARGE', `a message has at most ${MAX_INCOMING_BYTES} bytes`, 'body');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
