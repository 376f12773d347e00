import { Injectable } from '@nestjs/common';
import type { EventData, EventName } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { newId } from '#kernel';
import { Outbox } from '#messaging';
import { memberOf, type Ctx } from './ctx.js';

export interface Change<N extends EventName> {
  readonly event: N;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly data: EventData<N>;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly reason?: string;
}

const INSERT = `insert into audit_log (id, workspace_id, actor, member_id, address, action, subject_kind, subject_id, outcome, reason, before, after,
  correlation_id, causation_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`;

/** Writes down a change: its audit row and its event, in the transaction of the change. */
@Injectable()
export class Journal {
  constructor(
    private readonly outbox: Outbox,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Returns the event's id. */
  async record<N extends EventName>(tx: Tx, ctx: Ctx, change: Change<N>): Promise<string> {
    const { subject } = change;
    this.audit(tx, ctx, {
      action: change.event,
      ...subject,
      outcome: 'done',
      reason: change.reason,
      before: change.before,
      after: change.after ?? change.data,
    });
    return this.outbox.add(tx, ctx, change.event, `${subject.kind}/${subject.id}`, change.data);
  }

  /** Writes down that something was refused, in a transaction of its own: the refused one is rolled back. */
  async refused(ctx: Ctx, action: string, subject: { kind: string; id: string }, reason: string): Promise<void> {
    await this.unitOfWork.run({}, async (tx) => this.audit(tx, ctx, { action, ...subject, outcome: 'refused', reason }));
  }

  private audit(
    tx: Tx,
    ctx: Ctx,
    row: {
      action: string;
      kind: string;
      id: string;
      outcome: 'done' | 'refused';
      reason?: string;
      before?: unknown;
      after?: unknown;
    },
  ): void {
    const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
    tx.atEnd(INSERT, [
      newId('audit'),
      ctx.workspaceId,
      ctx.authId,
      memberOf(ctx),
      ctx.address,
      row.action,
      row.kind,
      row.id,
      row.outcome,
      row.reason ?? null,
      json(row.before),
      json(row.after),
      ctx.correlationId,
      ctx.causationId,
    ]);
  }
}
