import { Readable } from 'node:stream';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CountedJournal, type Ctx } from '#access';
import { Requires } from '#host';
import { ExportView } from '#lineage';
import { parsed } from '../attempts/attempts.controller.js';
import type { AuthorizedRequest } from '../http/access.guard.js';
import { LineageEvents } from './lineage-events.js';

const ExportQuery = z.strictObject({ format: z.enum(['openlineage', 'json']).default('openlineage') });

/** The graph as a file, streamed at flat memory. */
@Controller('v1/lineage')
export class LineageController {
  constructor(
    private readonly view: ExportView,
    private readonly events: LineageEvents,
    private readonly journal: CountedJournal,
  ) {}

  /** What the caller may see of the graph, as lines of JSON: events of OpenLineage 2-0-2, or `{"node"}` and then `{"edge"}` of the graph itself. */
  @Get('export')
  @Requires('lineage.read')
  async export(@Req() { ctx }: AuthorizedRequest, @Query() query: unknown, @Res() reply: FastifyReply) {
    const { format } = parsed(ExportQuery, query);
    await this.journal.exported(ctx, format, 'lineage.exported');
    const headers = { 'content-type': 'application/x-ndjson', 'content-disposition': 'attachment; filename="lineage.ndjson"' };
    await reply.headers(headers).send(Readable.from(this.lines(ctx, format)));
  }

  private async *lines(ctx: Ctx, format: z.infer<typeof ExportQuery>['format']): AsyncGenerator<string> {
    const pages = format === 'json' ? this.view.lines(ctx) : this.events.all(ctx);
    for await (const page of pages) yield page.map((line) => `${JSON.stringify(line)}\n`).join('');
  }
}
