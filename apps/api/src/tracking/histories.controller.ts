import { Readable } from 'node:stream';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Requires } from '#host';
import { DomainError } from '#kernel';
import { MetricHistory, RunSearch } from '#tracking';
import type { AuthorizedRequest } from '../http/access.guard.js';
import { parquetOf, type HistoryRow } from './parquet.js';

/** Whole histories of a run as a file. */
@Controller('v1/runs')
export class HistoriesController {
  constructor(
    private readonly search: RunSearch,
    private readonly history: MetricHistory,
  ) {}

  /** Every point of the run's metrics, or of those named by `key` (repeated), as Parquet, streamed at flat memory. */
  @Get(':id/metrics.parquet')
  @Requires('tracking.read')
  async parquet(
    @Req() request: AuthorizedRequest,
    @Param('id') id: string,
    @Res() reply: FastifyReply,
    @Query('key') key?: string | string[],
  ) {
    const run = await this.search.byId(request.ctx, id);
    if (!run) throw new DomainError('NOT_FOUND', `there is no run ${id.slice(0, 100)}`, 'id');
    const rows = this.rows(run.num, key === undefined ? undefined : [key].flat());
    await reply
      .headers({
        'content-type': 'application/vnd.apache.parquet',
        'content-disposition': `attachment; filename="${run.id}.metrics.parquet"`,
      })
      .send(Readable.from(parquetOf(run.id, rows)));
  }

  private async *rows(run: number, keys: readonly string[] | undefined): AsyncGenerator<HistoryRow[]> {
    for (const { id, name } of await this.history.keysOf(run, keys))
      for await (const points of this.history.pages(run, id))
        yield points.map(([value, timestamp, step]) => ({
          key: name,
          step: Number(step),
          timestamp: Number(timestamp),
          value: Number(value),
        }));
  }
}
