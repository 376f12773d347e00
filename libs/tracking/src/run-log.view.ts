import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';
import { STREAMS, type LogLine } from './model/log-line.js';

/** Where a reader of a log stands: the line it has read last. */
export interface LogPosition {
  readonly attempt: number;
  readonly n: number;
}

export type ReadLine = LogLine & LogPosition;

export const LOG_START: LogPosition = { attempt: 0, n: -1 };

/** What runs printed, in the order of attempts and of each writer's own count. */
@Injectable()
export class RunLogView {
  constructor(private readonly dataSource: DataSource) {}

  /** Lines after a position of a run that the caller may read. */
  async after(run: number, { attempt, n }: LogPosition, limit: number): Promise<ReadLine[]> {
    const rows = await select<{ attempt: number; n: string; at: Date; stream: number; line: string }>(
      this.dataSource,
      'select attempt, n, at, stream, line from run_log where run = $1 and (attempt, n) > ($2::smallint, $3::bigint) order by attempt, n limit $4',
      [run, attempt, n, limit],
    );
    return rows.map((row) => ({
      attempt: row.attempt,
      n: Number(row.n),
      at: row.at.getTime(),
      stream: STREAMS[row.stream] ?? 'stdout',
      text: row.line,
    }));
  }
}
