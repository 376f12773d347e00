import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { eventName, eventType, type EventName, type LoggedEvent } from '#contracts';
import { select } from '#database';
import { DomainError } from '#kernel';

interface Row {
  id: string;
  workspace_id: string;
  type: string;
  subject: string;
  data: never;
  time: Date;
  sequence: string | null;
  correlation_id: string;
  causation_id: string | null;
  hops: number;
  auth_id: string;
}

export interface LogQuery {
  /** Events after this sequence; '0' is the beginning. */
  readonly after: string;
  readonly workspaceId?: string;
  readonly names?: readonly EventName[];
  readonly limit: number;
}

const COLUMNS = 'id, workspace_id, type, subject, data, time, sequence, correlation_id, causation_id, hops, auth_id';

/** Reads the log. Only numbered events are seen, so that a reader who keeps its last sequence misses nothing. */
@Injectable()
export class EventLog {
  constructor(private readonly dataSource: DataSource) {}

  /** Throws RESYNC when `after` is older than what retention has kept: the reader must load state anew. */
  async read(query: LogQuery): Promise<LoggedEvent[]> {
    const rows = await select<Row & { pruned: string }>(
      this.dataSource,
      `select ${COLUMNS} from event_log where sequence > $1 and ($2::text is null or workspace_id = $2)
           and ($3::text[] is null or type = any($3)) order by sequence limit $4`,
      [query.after, query.workspaceId ?? null, query.names ? query.names.map(eventType) : null, query.limit],
    );
    return rows.flatMap((row) => toEvent(row) ?? []);
  }

  /** The last events of one type in a workspace, oldest first. */
  async newest(workspaceId: string, name: EventName, limit: number): Promise<LoggedEvent[]> {
    const rows = await select<Row>(
      this.dataSource,
      `select ${COLUMNS} from event_log where type = $1 and workspace_id = $2 and sequence is not null order by sequence desc limit $3`,
      [eventType(name), workspaceId, limit],
    );
    return rows.reverse().flatMap((row) => toEvent(row) ?? []);
  }

  /** First and last sequence that a reader may ask for. */
  async bounds(): Promise<{ prunedThrough: bigint; last: bigint }> {
    const [row] = await select<{ pruned_through: string; last_sequence: string }>(
      this.dataSource,
      'select pruned_through, last_sequence from relay_state where id = 1',
    );
    return { prunedThrough: BigInt(row!.pruned_through), last: BigInt(row!.last_sequence) };
  }

  /** Throws RESYNC when the cursor is older than the log, BAD_INPUT when it is no sequence. */
  async checkCursor(after: string): Promise<void> {
    if (!/^\d{1,18}$/.test(after)) throw new DomainError('BAD_INPUT', 'after must be the sequence of an event, or 0', 'after');
    const { prunedThrough } = await this.bounds();
    if (BigInt(after) < prunedThrough)
      throw new DomainError(
        'RESYNC',
        `the log begins after sequence ${prunedThrough}: load the state anew, then read on from there`,
        'after',
      );
  }

  async find(id: string): Promise<LoggedEvent | undefined> {
    const rows = await select<Row>(this.dataSource, `select ${COLUMNS} from event_log where id = $1`, [id]);
    return rows[0] && toEvent(rows[0]);
  }

  /** Events of a workspace by id; those without a number yet, and those that retention has dropped, are not among them. */
  async byIds(workspaceId: string, ids: readonly string[]): Promise<LoggedEvent[]> {
    const sql = `select ${COLUMNS} from event_log where workspace_id = $1 and id = any($2) and sequence is not null`;
    return (await select<Row>(this.dataSource, sql, [workspaceId, ids])).flatMap((row) => toEvent(row) ?? []);
  }

  /** An event for one subscriber; `settled` when its inbox row is there already. */
  async findFor(subscriber: string, id: string): Promise<{ event: LoggedEvent; settled: boolean } | undefined> {
    const rows = await select<Row & { settled: boolean }>(
      this.dataSource,
      `select ${COLUMNS}, exists (select 1 from inbox where subscriber = $1 and event_id = $2) as settled from event_log where id = $2`,
      [subscriber, id],
    );
    const event = rows[0] && toEvent(rows[0]);
    return event && { event, settled: rows[0]!.settled };
  }
}

export function toEvent(row: Row): LoggedEvent | undefined {
  const name = eventName(row.type);
  if (!name) return undefined;
  return {
    id: row.id,
    name,
    workspaceId: row.workspace_id,
    subject: row.subject,
    data: row.data,
    time: row.time,
    sequence: row.sequence,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    hops: row.hops,
    authId: row.auth_id,
  };
}
