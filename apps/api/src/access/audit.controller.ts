import { Readable } from 'node:stream';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AuditView, CountedJournal, type AuditFilter, type AuditRow, type Ctx } from '#access';
import { Requires } from '#host';
import { parsed } from '../attempts/attempts.controller.js';
import type { AuthorizedRequest } from '../http/access.guard.js';
import { CSV_HEADER, csvLine, jsonLine } from './audit-text.js';

const text = z.string().max(500).optional();
const time = z.iso
  .datetime({ offset: true })
  .transform((value) => new Date(value))
  .optional();
const ExportQuery = z.strictObject({
  format: z.enum(['jsonl', 'csv']).default('jsonl'),
  subjectId: text,
  subjectKind: text,
  action: text,
  actor: text,
  memberId: text,
  tokenId: text,
  address: text,
  outcome: z.enum(['done', 'refused']).optional(),
  correlationId: text,
  from: time,
  to: time,
});
const ChainQuery = z.strictObject({ after: z.coerce.number().int().min(0).optional() });

const TYPES = { jsonl: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const;

/** The audit as files, streamed at flat memory: who did what, and the chain that proves it. */
@Controller('v1/audit')
export class AuditController {
  constructor(
    private readonly view: AuditView,
    private readonly journal: CountedJournal,
  ) {}

  /** Entries that pass the filter of the query, oldest first, as JSON Lines or CSV. */
  @Get()
  @Requires('audit.read')
  async export(@Req() { ctx }: AuthorizedRequest, @Query() query: unknown, @Res() reply: FastifyReply) {
    const { format, ...filter } = parsed(ExportQuery, query);
    await this.journal.exported(ctx, format);
    const name = `attachment; filename="audit.${format}"`;
    const headers = { 'content-type': TYPES[format], 'content-disposition': name };
    await reply.headers(headers).send(Readable.from(this.lines(ctx, filter, format)));
  }

  /**
   * Lines of JSON for who verifies the chain: `{"checkpoint"}` when retention has dropped what was before, a link with its entry each, and last
   * `{"end": {"waiting", "strays"}}`; without that line the answer is not whole.
   */
  @Get('chain')
  @Requires('audit.read')
  async chain(@Req() { ctx }: AuthorizedRequest, @Query() query: unknown, @Res() reply: FastifyReply) {
    const { after = 0 } = parsed(ChainQuery, query);
    await this.journal.read(ctx);
    await reply.headers({ 'content-type': TYPES.jsonl }).send(Readable.from(this.links(ctx, after)));
  }

  private async *lines(ctx: Ctx, filter: AuditFilter, format: keyof typeof TYPES): AsyncGenerator<string> {
    const line: (row: AuditRow) => string = format === 'csv' ? csvLine : jsonLine;
    if (format === 'csv') yield CSV_HEADER;
    for await (const rows of this.view.pages(ctx, filter)) yield rows.map(line).join('');
  }

  private async *links(ctx: Ctx, after: number): AsyncGenerator<string> {
    const checkpoint = await this.view.checkpoint(ctx);
    if (checkpoint) yield `${JSON.stringify({ checkpoint })}\n`;
    for await (const links of this.view.links(ctx, after)) yield links.map((link) => `${JSON.stringify(link)}\n`).join('');
    yield `${JSON.stringify({ end: await this.view.unlinked(ctx) })}\n`;
  }
}
