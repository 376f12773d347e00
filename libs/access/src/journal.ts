import { Injectable } from '@nestjs/common';
import type { EventData, EventName } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { newId } from '#kernel';
import { Outbox } from '#messaging';
import { auditStatement, type AuditFacts } from './audit-statement.js';
import type { Ctx } from './ctx.js';

export interface Change<N extends EventName> {
  readonly event: N;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly data: EventData<N>;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly reason?: string;
  /** How many times it happened, where one row stands for several. */
  readonly count?: number;
}

export interface Refusal {
  /** What was attempted. */
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly code: string;
  readonly reason: string;
  readonly count: number;
}

/** Writes down a change: its audit row and its event, in the transaction of the change. */
@Injectable()
export class Journal {
  constructor(
    private readonly outbox: Outbox,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Returns the event's id. */
  async record<N extends EventName>(tx: Tx, ctx: Ctx, change: Change<N>): Promise<string> {
    const { event, subject, data, before, after = data, reason, count } = change;
    return this.write(tx, ctx, { event, data }, { action: event, subject, outcome: 'done', reason, before, after, count });
  }

  /** Writes down that something was refused, in a transaction of its own: the refused one is rolled back. */
  async refused(ctx: Ctx, { action, subject, code, reason, count }: Refusal): Promise<void> {
    const data = { action, subjectKind: subject.kind, subjectId: subject.id, code, reason, count };
    const facts = { action, subject, outcome: 'refused', reason, count, after: { code } } as const;
    await this.unitOfWork.run({}, async (tx) => this.write(tx, ctx, { event: 'access.refused', data }, facts));
  }

  private write<N extends EventName>(
    tx: Tx,
    ctx: Ctx,
    { event, data }: { event: N; data: EventData<N> },
    facts: AuditFacts,
  ): string {
    const id = newId('event');
    const { sql, params } = auditStatement(id, ctx, facts);
    tx.atEnd(sql, params);
    return this.outbox.add(tx, ctx, event, `${facts.subject.kind}/${facts.subject.id}`, data, id);
  }
}
