import { Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { CHAIN_START, type AuditEntry, type AuditHead, type AuditLink } from '#contracts';
import { keysetPage, select } from '#database';
import type { Page, PageArgs } from '#kernel';
import { AUDIT_ENTRY } from './audit-chain.store.js';
import { AuditEntity } from './audit.entities.js';
import type { Ctx } from './ctx.js';

export type AuditRow = Readonly<AuditEntity>;

/** What is given must all hold. An `action` that ends with a dot stands for all that begin with it. */
export interface AuditFilter {
  readonly subjectId?: string | null;
  readonly subjectKind?: string | null;
  readonly action?: string | null;
  readonly actor?: string | null;
  readonly memberId?: string | null;
  readonly tokenId?: string | null;
  readonly address?: string | null;
  readonly outcome?: string | null;
  readonly correlationId?: string | null;
  /** From this moment on. */
  readonly from?: Date | null;
  /** Before this moment. */
  readonly to?: Date | null;
}

export interface StoredCheckpoint {
  readonly body: string;
  readonly signature: string;
}

/** What no link stands for: rows that wait for theirs, and rows that never will get one, since no event of theirs is to come. */
export interface Unlinked {
  readonly waiting: number;
  readonly strays: readonly string[];
}

const EQUAL = ['subjectId', 'subjectKind', 'actor', 'memberId', 'tokenId', 'address', 'outcome', 'correlationId'] as const;
const PAGE = 1000;
const MOST_STRAYS = 10;

const LINKS = `select c.position::float8 as position, c.audit_id as "auditId", c.previous_hash as "previousHash", c.hash, to_jsonb(e) as entry
  from audit_chain c left join lateral (select ${AUDIT_ENTRY} from audit_log a where a.id = c.audit_id and a.at = c.at) e on true
  where c.workspace_id = $1 and c.position > $2 order by c.position limit ${PAGE}`;

const HEAD = `select c.position::float8 as position, c.hash, to_char(c.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
  from audit_chain c where c.workspace_id = $1 order by c.position desc limit 1`;

const UNLINKED = `select a.id, a.event_id is null or exists (select 1 from event_log e where e.id = a.event_id and (e.sequence is null
    or e.sequence > coalesce((select position from log_cursor where consumer = 'audit-chain'), 0))) as waits
  from audit_log a where a.workspace_id = $1 and not exists (select 1 from audit_chain c where c.audit_id = a.id and c.at = a.at)`;

/** Reads the audit and its chain, of the caller's workspace. */
@Injectable()
export class AuditView {
  constructor(private readonly dataSource: DataSource) {}

  list(ctx: Ctx, filter: AuditFilter, args: PageArgs): Promise<Page<AuditRow>> {
    return keysetPage(this.filtered(ctx, filter), args);
  }

  /** All of them, oldest first, a page at a time. */
  async *pages(ctx: Ctx, filter: AuditFilter): AsyncGenerator<readonly AuditRow[]> {
    for (let after = ''; ;) {
      const query = this.filtered(ctx, filter).andWhere('a.id > :after', { after });
      const rows = await query.orderBy('a.id', 'ASC').limit(PAGE).getMany();
      if (rows.length > 0) yield rows;
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.id;
    }
  }

  /** The links after a position with their rows, a page at a time. */
  async *links(ctx: Ctx, after: number): AsyncGenerator<readonly AuditLink[]> {
    for (let position = after; ;) {
      const links = await select<AuditLink & { entry: AuditEntry | null }>(this.dataSource, LINKS, [ctx.workspaceId, position]);
      if (links.length > 0) yield links;
      if (links.length < PAGE) return;
      position = links.at(-1)!.position;
    }
  }

  /** The last link; position 0 while there is none. */
  async head(ctx: Ctx): Promise<AuditHead> {
    const [head] = await select<Omit<AuditHead, 'workspaceId'>>(this.dataSource, HEAD, [ctx.workspaceId]);
    return { workspaceId: ctx.workspaceId, ...(head ?? { position: 0, hash: CHAIN_START, at: null }) };
  }

  /** What retention said last. */
  async checkpoint(ctx: Ctx): Promise<StoredCheckpoint | undefined> {
    const sql = 'select body, signature from audit_checkpoint where workspace_id = $1 order by id desc limit 1';
    return (await select<StoredCheckpoint>(this.dataSource, sql, [ctx.workspaceId]))[0];
  }

  async unlinked(ctx: Ctx): Promise<Unlinked> {
    const rows = await select<{ id: string; waits: boolean }>(this.dataSource, UNLINKED, [ctx.workspaceId]);
    const strays = rows.filter(({ waits }) => !waits).map(({ id }) => id);
    return { waiting: rows.length - strays.length, strays: strays.slice(0, MOST_STRAYS) };
  }

  /** Makes the partitions of the months to come; the owner of the tables does it. Answers how many it made. */
  async preparePartitions(): Promise<number> {
    const [row] = await select<{ made: number }>(this.dataSource, 'select audit_partitions() as made');
    return row!.made;
  }

  private filtered(ctx: Ctx, filter: AuditFilter): SelectQueryBuilder<AuditEntity> {
    const query = this.dataSource
      .getRepository(AuditEntity)
      .createQueryBuilder('a')
      .where('a.workspaceId = :w', { w: ctx.workspaceId });
    for (const name of EQUAL) if (filter[name]) query.andWhere(`a.${name} = :${name}`, { [name]: filter[name] });
    const { action, from, to } = filter;
    if (action) query.andWhere(action.endsWith('.') ? 'starts_with(a.action, :action)' : 'a.action = :action', { action });
    if (from) query.andWhere('a.at >= :from', { from });
    if (to) query.andWhere('a.at < :to', { to });
    return query;
  }
}
